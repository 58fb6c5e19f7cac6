/** In which order the rows of a (resampled) training set are visited. */

import { resolveOptions, type OptionRules, type OptionsOf } from '../core/options.js';
import { lookUp, type Entry } from '../core/registry.js';
import type { Rng } from '../core/rng.js';
import { splitChoice, type Choice } from './choice.js';

/** Writes the rows of the next epoch, in order, to `out`, whose length is the epoch's. Called once an epoch. */
export type FillOrder = (out: Int32Array, epoch: number, epochs: number) => void;

export interface BatchSamplerContext<O> {
  /** Class id of each row that may be visited. */
  readonly labels: Int32Array;
  readonly classes: number;
  readonly rng: Rng;
  readonly options: O;
}

export interface BatchSamplerDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  create(context: BatchSamplerContext<OptionsOf<R>>): FillOrder;
}

/** Declares a batch sampler; add it to the registry below. */
export function defineBatchSampler<const R extends OptionRules>(
  definition: BatchSamplerDefinition<R>,
): BatchSamplerDefinition<R> {
  return definition;
}

/** An endless walk over `rows` in fresh random order each time round, so that all are visited equally often. */
function cycle(rows: Int32Array, rng: Rng): () => number {
  let round = 0;
  let at = rows.length;
  let draws = rng.at(0);
  return () => {
    if (at === rows.length) {
      draws = rng.at(round++);
      at = 0;
    }
    // Fisher-Yates as we go: shuffling what is already shuffled is as random.
    const other = at + draws.below(rows.length - at);
    const row = rows[other] as number;
    rows[other] = rows[at] as number;
    rows[at++] = row;
    return row;
  };
}

export const instance = defineBatchSampler({
  name: 'instance',
  summary: 'every row equally often',
  options: {},
  create({ labels, rng }) {
    const next = cycle(
      Int32Array.from(labels, (_, row) => row),
      rng,
    );
    return (out) => {
      for (let i = 0; i < out.length; i++) out[i] = next();
    };
  },
});

export const classBalanced = defineBatchSampler({
  name: 'class-balanced',
  summary: 'every class equally often, and within a class every row equally often',
  paper: 'Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", arXiv:1910.09217',
  options: {},
  create({ labels, classes, rng }) {
    const walks = Array.from({ length: classes }, (_, c) => {
      const members = Int32Array.from(labels.keys()).filter((row) => labels[row] === c);
      return { members, next: cycle(members, rng.substream(c)) };
    }).filter(({ members }) => members.length > 0);
    const nextWalk = cycle(Int32Array.from(walks.keys()), rng.substream('classes'));
    return (out) => {
      for (let i = 0; i < out.length; i++) out[i] = (walks[nextWalk()] as { next: () => number }).next();
    };
  },
});

export const batchSamplers = { instance, 'class-balanced': classBalanced } as const;

export type BatchSamplerName = keyof typeof batchSamplers;

/** A batch sampler: a name, a name with options, or a definition of the caller's own. */
export type BatchSamplerChoice = Choice | BatchSamplerDefinition;

/** Checks name and options now; rows come later. @throws ERR_OPTION */
export function resolveBatchSampler(choice: BatchSamplerChoice): {
  name: string;
  options: Readonly<Record<string, unknown>>;
  create(context: Omit<BatchSamplerContext<unknown>, 'options'>): FillOrder;
} {
  const own = typeof choice === 'object' && typeof (choice as { create?: unknown }).create === 'function';
  const { name, options: given } = own ? { name: (choice as Entry).name, options: {} } : splitChoice(choice as Choice);
  const definition = own
    ? (choice as BatchSamplerDefinition)
    : (lookUp(batchSamplers, 'batch sampler', name) as BatchSamplerDefinition);
  const options = resolveOptions(name, definition.options, given);
  return { name, options, create: (context) => definition.create({ ...context, options }) };
}
