/** How far test rows of a class reach outside the box that its training rows span. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError, show } from '../core/errors.js';
import { dense, type MatrixLike } from '../core/matrix.js';
import { boolean, custom, integer, resolveOptions } from '../core/options.js';
import { createRng } from '../core/rng.js';
import { mean } from './confusion.js';

export interface GeneralizationGap {
  readonly classNames: readonly string[];
  /** Summed over columns; null for a class without rows on either side. */
  readonly perClass: (number | null)[];
  /** The same as a mean over columns, to compare embeddings of different width. */
  readonly perClassAndColumn: (number | null)[];
  /** Mean of `perClass` over the classes that have one. */
  readonly mean: number | null;
}

const rules = {
  equalCounts: boolean({
    default: false,
    help: 'draw as many test rows of a class as it has training rows, where it has more: the box of few rows is narrower by construction',
  }),
  trainCounts: custom<ArrayLike<number> | undefined>({
    accepts: 'an array of training rows a class',
    default: undefined,
    help: 'needs equalCounts: rows a class to draw, for training rows that were resampled; default: as many as train has',
    check: (value) => typeof value === 'object' && value !== null && 'length' in value,
  }),
  seed: integer({ min: 0, default: 0, help: 'of that draw' }),
};

function rowsOf({ labels, targets, classNames }: Labelled, classId: number): number[] {
  const has = (row: number) => (targets ? targets[row * classNames.length + classId] === 1 : labels[row] === classId);
  return [...labels.keys()].filter(has);
}

/** Smallest and largest value of each column, over all rows that were added. */
class Box {
  readonly low: Float64Array;
  readonly high: Float64Array;
  rows = 0;

  constructor(cols: number) {
    this.low = new Float64Array(cols).fill(Infinity);
    this.high = new Float64Array(cols).fill(-Infinity);
  }

  add(data: Float32Array, row: number): void {
    const { low, high } = this;
    const at = row * low.length;
    for (let j = 0; j < low.length; j++) {
      const value = data[at + j] as number;
      if (value < (low[j] as number)) low[j] = value;
      if (value > (high[j] as number)) high[j] = value;
    }
    this.rows++;
  }
}

type Labelled = Pick<EmbeddingSet, 'labels' | 'targets' | 'classNames'> & { readonly embeddings: MatrixLike };

/**
 * The range by which test rows overhang training rows, a class and in the mean.
 *
 * For each class and column, how far the test maximum lies above the training maximum plus how far the test minimum lies below
 * the training minimum, summed over columns. Interpolating inside a class cannot change it; interpolating towards enemies can
 * only narrow it. Reconstructed from the description in Dablain et al., arXiv:2207.06080, whose code does not contain it.
 *
 * @param train training rows, resampled or not; or windows of them one after the other, so that they need not all be in memory.
 * @throws ERR_SHAPE for different widths, ERR_DATA for different class tables.
 *
 * @example
 * // train values of the class 1 … 3, test values 0.5 … 4: gap (4 − 3) + (1 − 0.5) = 1.5
 */
export function generalizationGap(
  train: Labelled | Iterable<Labelled>,
  test: Labelled,
  options: object = {},
): GeneralizationGap {
  const { equalCounts, trainCounts, seed } = resolveOptions('generalizationGap', rules, options);
  const { classNames } = test;
  const t = dense(test.embeddings);
  const boxes = classNames.map(() => new Box(t.cols));
  for (const part of Symbol.iterator in train ? train : [train]) {
    const a = dense(part.embeddings);
    if (a.cols !== t.cols) throw new EquipoiseError('ERR_SHAPE', `train has ${a.cols} columns but test has ${t.cols}`);
    if (classNames.length !== part.classNames.length || classNames.some((name, c) => name !== part.classNames[c]))
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected one class table for train and test but received ${show(part.classNames.join(', '))} and ${show(classNames.join(', '))}`,
      );
    boxes.forEach((seen, c) => rowsOf(part, c).forEach((row) => seen.add(a.data, row)));
  }
  const perClass = classNames.map((name, c) => {
    const seen = boxes[c] as Box;
    let rows = rowsOf(test, c);
    if (seen.rows === 0 || rows.length === 0) return null;
    const most = trainCounts?.[c] ?? seen.rows;
    if (equalCounts && rows.length > most) {
      const order = createRng(seed, `generalization-gap/${name}`).permutation(rows.length);
      rows = Array.from(order.subarray(0, most), (i) => rows[i] as number);
    }
    const met = new Box(t.cols);
    for (const row of rows) met.add(t.data, row);
    let gap = 0;
    for (let j = 0; j < t.cols; j++)
      gap += Math.max(0, met.high[j]! - seen.high[j]!) + Math.max(0, seen.low[j]! - met.low[j]!);
    return gap;
  });
  const known = perClass.filter((gap) => gap !== null);
  return {
    classNames: [...classNames],
    perClass,
    perClassAndColumn: perClass.map((gap) => (gap === null ? null : gap / t.cols)),
    mean: known.length === 0 ? null : mean(known),
  };
}
