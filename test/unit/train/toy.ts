/** Small sets with known answers. */

import { asTraining, brand, fromArrays, type HeldOutSet, type TrainingSet } from '../../../src/core/embedding-set.js';
import { createRng } from '../../../src/core/rng.js';
import type { Head } from '../../../src/head/index.js';

/** Gaussian clouds of unit spread: class c has counts[c] rows around `distance` on axis c. */
export function clouds(
  counts: readonly number[],
  { distance = 3, dim = 4, seed = 0 }: { distance?: number; dim?: number; seed?: number } = {},
) {
  const rows = counts.reduce((a, b) => a + b, 0);
  const data = new Float32Array(rows * dim);
  const labels = new Int32Array(rows);
  const draws = createRng(seed, 'test/clouds').at(0);
  let row = 0;
  counts.forEach((count, c) => {
    for (let i = 0; i < count; i++, row++) {
      labels[row] = c;
      for (let j = 0; j < dim; j++) data[row * dim + j] = draws.normal() + (j === c ? distance : 0);
    }
  });
  return fromArrays({ data, shape: [rows, dim] }, labels, {
    classNames: counts.map((_, c) => `class-${c}`),
    ids: Array.from(labels, (_, i) => `${seed}/${i}`),
  });
}

export const trainingClouds = (...args: Parameters<typeof clouds>): TrainingSet => asTraining(clouds(...args));
export const heldOutClouds = (...args: Parameters<typeof clouds>): HeldOutSet => brand(clouds(...args), 'test');

export function recalls(head: { logits(x: TrainingSet['embeddings']): Float32Array }, set: HeldOutSet): number[] {
  const classes = set.classNames.length;
  const logits = head.logits(set.embeddings);
  const right = Array.from({ length: classes }, () => 0);
  set.labels.forEach((label, i) => {
    const row = [...logits.subarray(i * classes, (i + 1) * classes)];
    if (row.indexOf(Math.max(...row)) === label) right[label] = (right[label] as number) + 1;
  });
  return right.map((count, c) => count / (set.classCounts[c] as number));
}

/** Largest difference of any parameter of two heads of one kind, relative to the largest parameter. */
export function relativeDistance(a: Head, b: Head): number {
  let most = 0;
  let size = 0;
  a.parameters.forEach(({ data }, p) =>
    data.forEach((value, j) => {
      most = Math.max(most, Math.abs(value - (b.parameters[p]?.data[j] as number)));
      size = Math.max(size, Math.abs(value));
    }),
  );
  return most / size;
}

/**
 * Rows with any number of labels: class c has rates[c] of the rows, each independently of the others, and column c is `distance` where
 * the row has it. Noise is of unit spread.
 */
export function labelledClouds(
  rows: number,
  rates: readonly number[],
  { distance = 3, seed = 0 }: { distance?: number; seed?: number } = {},
) {
  const classes = rates.length;
  const draws = createRng(seed, 'test/labelled-clouds').at(0);
  const targets = Uint8Array.from({ length: rows * classes }, (_, at) =>
    draws.uniform() < (rates[at % classes] as number) ? 1 : 0,
  );
  const data = Float32Array.from(targets, (has) => draws.normal() + distance * has);
  return fromArrays(
    { data, shape: [rows, classes] },
    { data: targets, shape: [rows, classes] },
    {
      classNames: rates.map((_, c) => `class-${c}`),
      ids: Array.from({ length: rows }, (_, i) => `${seed}/${i}`),
    },
  );
}
