/** In which order the rows of a (resampled) training set are visited. */

import type { OptionRules, OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';
import type { Rng } from '../core/rng.js';

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

/** Declares a batch sampler; add it to the registry in `batch-samplers.ts`. */
export function defineBatchSampler<const R extends OptionRules>(
  definition: BatchSamplerDefinition<R>,
): BatchSamplerDefinition<R> {
  return definition;
}

/** An endless walk over `rows` in fresh random order each time round, so that all are visited equally often. */
export function cycle(rows: Int32Array, rng: Rng): () => number {
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

/** An endless walk over the rows of one class. */
export interface ClassWalk {
  readonly classId: number;
  readonly count: number;
  next(): number;
}

/** A walk for each class that has rows. */
export function classWalks({
  labels,
  classes,
  rng,
}: Pick<BatchSamplerContext<unknown>, 'labels' | 'classes' | 'rng'>): readonly ClassWalk[] {
  return Array.from({ length: classes }, (_, classId) => {
    const members = Int32Array.from(labels.keys()).filter((row) => labels[row] === classId);
    return { classId, count: members.length, next: cycle(members, rng.substream(classId)) };
  }).filter(({ count }) => count > 0);
}

/**
 * Draws the class of each visit independently, at a rate of its own, and within a class walks over its rows.
 * @param rate of a class of `count` rows, relative to the others'.
 */
export function byClassRate(
  context: Pick<BatchSamplerContext<unknown>, 'labels' | 'classes' | 'rng'>,
  rate: (count: number, place: { epoch: number; epochs: number; rows: number; classes: number }) => number,
): FillOrder {
  const walks = classWalks(context);
  const ends = new Float64Array(walks.length);
  return (out, epoch, epochs) => {
    const place = { epoch, epochs, rows: context.labels.length, classes: walks.length };
    let sum = 0;
    for (const [w, { count }] of walks.entries()) ends[w] = sum += rate(count, place);
    const draws = context.rng.substream('classes').at(epoch);
    for (let i = 0; i < out.length; i++) {
      const at = draws.uniform() * sum;
      let low = 0;
      let high = walks.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (at < (ends[middle] as number)) high = middle;
        else low = middle + 1;
      }
      out[i] = (walks[low] as ClassWalk).next();
    }
  };
}
