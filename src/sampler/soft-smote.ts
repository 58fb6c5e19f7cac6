import { choice, custom, integer } from '../core/options.js';
import { createMix, mixes, type MixName } from '../mix/index.js';
import { defineSampler, usedNeighbors } from './define-sampler.js';
import { singleRow } from './own-class.js';

/** A rule by name, or with options: `{ name: 'mamix', omega: 0.5 }`. */
export type MixChoice = MixName | { readonly name: MixName; readonly [option: string]: unknown };

function toMix(given: MixChoice) {
  if (typeof given === 'string') return createMix(given);
  const { name, ...options } = given;
  return createMix(name, options);
}

/** SMOTE and Mixup as one method: how a partner is found, and how the label is shared, are the only differences. */
export const softSmote = defineSampler({
  name: 'soft-smote',
  summary:
    'interpolate towards a near row of any class and share the label between both classes by a rule of mixed rows',
  paper: 'Cheng, Mai, Lin, "From SMOTE to Mixup for Deep Imbalanced Classification", TAAI 2023, arXiv:2308.15457',
  towards: 'any',
  softLabels: true,
  options: {
    kNeighbors: integer({
      min: 1,
      default: 5,
      help: 'nearest rows to choose a partner from; small: near copies; large: partners as far as those of mixup',
    }),
    partners: choice({
      of: ['nearest', 'same-class', 'random'],
      default: 'nearest',
      help: 'nearest: among the kNeighbors nearest rows of any class; same-class: of the same class, which makes it SMOTE; random: any row, which makes it mixup from rows of the growing class',
    }),
    mix: custom<MixChoice>({
      accepts: `one of ${Object.keys(mixes).join(', ')}, or { name, … } with options of that rule`,
      default: 'mixup',
      help: 'how the label is shared: hard: the base has all of it, as in SMOTE; mixup: by the step; remix and mamix: more for the rarer class',
      check: (value) => {
        const name = typeof value === 'object' && value !== null ? (value as { name?: unknown }).name : value;
        return typeof name === 'string' && Object.hasOwn(mixes, name);
      },
    }),
  },
  check: ({ mix }) => void toMix(mix),
  async prepare({ set, members, options, search }) {
    const { kNeighbors, partners } = options;
    const { labels, classCounts } = set;
    const mix = toMix(options.mix);
    const single = partners === 'same-class' && singleRow(members);
    if (single) return single;
    const near =
      partners === 'random'
        ? undefined
        : await search({ k: kNeighbors, among: partners === 'nearest' ? 'all' : partners });
    const candidates = partners === 'same-class' ? members.length - 1 : labels.length - 1;
    const k = Math.min(kNeighbors, candidates);
    return {
      ...(near && usedNeighbors(kNeighbors, k)),
      draw(draws, recipe) {
        const row = draws.below(members.length);
        recipe.base = members[row] as number;
        recipe.other = near ? (near.indices[row * near.k + draws.below(k)] as number) : draws.below(labels.length);
        recipe.step = draws.uniform();
        recipe.labelWeight = mix.labelWeight({
          countBase: classCounts[labels[recipe.base] as number] as number,
          countOther: classCounts[labels[recipe.other] as number] as number,
          step: recipe.step,
        });
      },
    };
  },
});
