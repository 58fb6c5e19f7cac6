/** What metrics of ranking share: one pass over the thresholds that tell rows apart. */

import type { MetricContext } from './metric.js';

/** Judged rows of both classes, by falling score of the positive one; rows of equal score cannot be told apart and come together. */
export interface Ranking {
  /** After each distinct score, from the highest: positive and negative rows at or above it. */
  readonly steps: readonly { readonly positives: number; readonly negatives: number }[];
  readonly positives: number;
  readonly negatives: number;
}

/**
 * Ranks the rows of a two-class problem. The positive class is the rarer of the training rows, or without those of the
 * judged rows; the second where both are as many.
 * @returns null for another number of classes, or where one of the two has no row.
 */
export function rank({ outcomes: { truth, logOdds }, trainCounts }: MetricContext): Ranking | null {
  if (logOdds === undefined) return null;
  const rows = [0, 0] as [number, number];
  for (const label of truth) rows[label as 0 | 1]++;
  if (rows[0] === 0 || rows[1] === 0) return null;
  const [first, second] = trainCounts ? [trainCounts[0] as number, trainCounts[1] as number] : rows;
  const positive = first < second ? 0 : 1;
  const sign = positive === 1 ? 1 : -1;
  const score = (row: number) => sign * (logOdds[row] as number);
  const order = Array.from(truth.keys()).sort((a, b) => score(b) - score(a));
  const steps: { positives: number; negatives: number }[] = [];
  let positives = 0;
  let negatives = 0;
  order.forEach((row, at) => {
    if (truth[row] === positive) positives++;
    else negatives++;
    const next = order[at + 1];
    if (next === undefined || score(next) < score(row)) steps.push({ positives, negatives });
  });
  return { steps, positives, negatives };
}
