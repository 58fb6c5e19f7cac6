import { integer } from '../core/options.js';
import { defineSampler, usedNeighbors } from './define-sampler.js';
import { smoteSource } from './own-class.js';
import { enemyCounts, zoneOf } from './zones.js';

/**
 * Only rows in danger are bases: at least half of their `mNeighbors` nearest rows are of other classes, but not all.
 *
 * Kind 2 is the newer form (imbalanced-learn from 0.12 on): the neighbour is any near row, and towards one of another class the
 * step is shortened by a further uniform factor below 1/2. Earlier versions shared the samples between the two by a Beta(10, 10) draw.
 * Where no row is in danger imbalanced-learn skips the class; here it gets plain SMOTE rows, and the plan says so.
 */
export const borderlineSmote = defineSampler({
  name: 'borderline-smote',
  summary:
    'SMOTE from the rows in danger only: those with about as many or more near rows of other classes than of their own',
  paper:
    'Han, Wang, Mao, "Borderline-SMOTE: A New Over-Sampling Method in Imbalanced Data Sets Learning", ICIC 2005, doi:10.1007/11538059_91',
  towards: 'any',
  options: {
    kNeighbors: integer({
      min: 1,
      default: 5,
      help: 'nearest rows to move towards; small: near copies; large: bridges between distant parts of a class',
    }),
    mNeighbors: integer({
      min: 1,
      default: 10,
      help: 'nearest rows of any class that decide whether a row is in danger; small: chance decides; large: rows far from the border count as well',
    }),
    kind: integer({
      min: 1,
      max: 2,
      default: 1,
      help: '1: towards rows of the same class; 2: towards any near row, but less than half of the way where it is of another class',
    }),
  },
  async prepare(task) {
    const { set, members, options, search } = task;
    const { kNeighbors, mNeighbors, kind } = options;
    const reach = kind === 1 ? mNeighbors : Math.max(kNeighbors, mNeighbors);
    const near = await search({ k: reach, among: 'all' });
    const m = Math.min(mNeighbors, near.k);
    const enemies = enemyCounts(members, near, set.labels, m);
    const danger = Int32Array.from(members.keys()).filter((row) => zoneOf(enemies[row] as number, m) === 'danger');
    if (danger.length === 0)
      return smoteSource(task, kNeighbors, { fallback: 'no row is in danger: every row is a base, as in smote' });
    const bases = danger.map((row) => members[row] as number);
    if (kind === 1) return smoteSource(task, kNeighbors, { bases });
    const k = Math.min(kNeighbors, near.k);
    return {
      eligibleBases: bases.length,
      ...usedNeighbors(kNeighbors, k),
      draw(draws, recipe) {
        const i = draws.below(bases.length);
        const base = bases[i] as number;
        const other = near.indices[(danger[i] as number) * near.k + draws.below(k)] as number;
        recipe.base = base;
        recipe.other = other;
        recipe.step = draws.uniform();
        if (set.labels[other] !== set.labels[base]) recipe.step *= draws.uniform() / 2;
      },
    };
  },
});
