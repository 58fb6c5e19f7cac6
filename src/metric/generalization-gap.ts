/** How far test rows of a class reach outside the box that its training rows span. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError, show } from '../core/errors.js';
import { dense, type MatrixLike } from '../core/matrix.js';
import { boolean, integer, resolveOptions } from '../core/options.js';
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
  seed: integer({ min: 0, default: 0, help: 'of that draw' }),
};

function rowsOf({ labels, targets, classNames }: Labelled, classId: number): number[] {
  const has = (row: number) => (targets ? targets[row * classNames.length + classId] === 1 : labels[row] === classId);
  return [...labels.keys()].filter(has);
}

/** Smallest and largest value of each column over the given rows. */
function box({ data, cols }: { data: Float32Array; cols: number }, rows: readonly number[]) {
  const low = new Float64Array(cols).fill(Infinity);
  const high = new Float64Array(cols).fill(-Infinity);
  for (const row of rows)
    for (let j = 0; j < cols; j++) {
      const value = data[row * cols + j] as number;
      if (value < (low[j] as number)) low[j] = value;
      if (value > (high[j] as number)) high[j] = value;
    }
  return { low, high };
}

type Labelled = Pick<EmbeddingSet, 'labels' | 'targets' | 'classNames'> & { readonly embeddings: MatrixLike };

/**
 * The range by which test rows overhang training rows, a class and in the mean.
 *
 * For each class and column, how far the test maximum lies above the training maximum plus how far the test minimum lies below
 * the training minimum, summed over columns. Interpolating inside a class cannot change it; interpolating towards enemies can
 * only narrow it. Reconstructed from the description in Dablain et al., arXiv:2207.06080, whose code does not contain it.
 *
 * @param train training rows, resampled or not.
 * @throws ERR_SHAPE for different widths, ERR_DATA for different class tables.
 *
 * @example
 * // train values of the class 1 … 3, test values 0.5 … 4: gap (4 − 3) + (1 − 0.5) = 1.5
 */
export function generalizationGap(train: Labelled, test: Labelled, options: object = {}): GeneralizationGap {
  const { equalCounts, seed } = resolveOptions('generalizationGap', rules, options);
  const [a, t] = [dense(train.embeddings), dense(test.embeddings)];
  if (a.cols !== t.cols) throw new EquipoiseError('ERR_SHAPE', `train has ${a.cols} columns but test has ${t.cols}`);
  const { classNames } = train;
  if (classNames.length !== test.classNames.length || classNames.some((name, c) => name !== test.classNames[c]))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected one class table for train and test but received ${show(classNames.join(', '))} and ${show(test.classNames.join(', '))}`,
    );
  const perClass = classNames.map((name, c) => {
    const own = rowsOf(train, c);
    let other = rowsOf(test, c);
    if (own.length === 0 || other.length === 0) return null;
    if (equalCounts && other.length > own.length) {
      const order = createRng(seed, `generalization-gap/${name}`).permutation(other.length);
      other = Array.from(order.subarray(0, own.length), (i) => other[i] as number);
    }
    const [seen, met] = [box(a, own), box(t, other)];
    let gap = 0;
    for (let j = 0; j < a.cols; j++)
      gap += Math.max(0, met.high[j]! - seen.high[j]!) + Math.max(0, seen.low[j]! - met.low[j]!);
    return gap;
  });
  const known = perClass.filter((gap) => gap !== null);
  return {
    classNames: [...classNames],
    perClass,
    perClassAndColumn: perClass.map((gap) => (gap === null ? null : gap / a.cols)),
    mean: known.length === 0 ? null : mean(known),
  };
}
