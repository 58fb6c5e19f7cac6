/** Cuts a set to a long tail or a step, as the studies of imbalance do. */

import { countClasses, type EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { choice, integer, number, resolveOptions } from '../core/options.js';
import { createRng } from '../core/rng.js';

export interface MakeImbalanceOptions {
  /** `exp`: from the first class to the last falling geometrically. `step`: the first half full, the rest cut. */
  kind?: 'exp' | 'step';
  /** Smallest class over largest, in (0, 1]: 0.01 is "100:1". */
  factor: number;
  seed?: number;
}

const rules = {
  kind: choice({ of: ['exp', 'step'], default: 'exp', help: 'shape of the class counts over the class table' }),
  factor: number({
    min: Number.MIN_VALUE,
    max: 1,
    default: 0.01,
    help: 'smallest class over largest; small: a rarer tail',
  }),
  seed: integer({ min: 0, default: 0, help: 'which rows of a class stay' }),
};

/**
 * Rows a class that `makeImbalance` aims for: with base = rows / classes, trunc(base · factor^(c / (classes − 1))) for
 * `exp`; trunc(base) for the first half of the classes (rounded down) and trunc(base · factor) for the rest for `step`.
 */
export function imbalancedCounts(rows: number, classes: number, kind: 'exp' | 'step', factor: number): Int32Array {
  const base = rows / classes;
  return Int32Array.from({ length: classes }, (_, c) => {
    if (kind === 'exp') return Math.trunc(base * factor ** (classes > 1 ? c / (classes - 1) : 0));
    return Math.trunc(c < Math.floor(classes / 2) ? base : base * factor);
  });
}

/**
 * Chooses the rows of a class-imbalanced subset: Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware
 * Margin Loss", arXiv:1906.07413 (`exp`), and Buda et al., arXiv:1710.05381 (`step`). A class with fewer rows than its
 * share keeps them all. Which rows stay differs from the published sets, whose generator is NumPy's.
 *
 * @param set a set, or class ids.
 * @returns row numbers, class by class, ascending within a class.
 * @throws ERR_DATA when a class would keep no row.
 *
 * @example
 * const rows = makeImbalance(labels, { kind: 'exp', factor: 0.01, seed: 0 });
 */
export function makeImbalance(set: EmbeddingSet | ArrayLike<number>, options: MakeImbalanceOptions): Int32Array {
  const { kind, factor, seed } = resolveOptions('makeImbalance', rules, options);
  const labels: ArrayLike<number> = 'labels' in set ? set.labels : set;
  const classes =
    'labels' in set ? set.classNames.length : Array.from(labels).reduce((most, c) => Math.max(most, c + 1), 0);
  const counts = imbalancedCounts(labels.length, classes, kind, factor);
  const members = Array.from(countClasses(labels, classes), () => [] as number[]);
  for (let row = 0; row < labels.length; row++) members[labels[row] as number]?.push(row);
  const rng = createRng(seed, 'make-imbalance');
  return Int32Array.from(
    members.flatMap((rows, c) => {
      const count = Math.min(rows.length, counts[c] as number);
      if (count === 0)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected at least one row of every class but factor ${factor} leaves none of ${'labels' in set ? set.classNames[c] : `class ${c}`}. Raise the factor`,
        );
      return Array.from(rng.permutation(rows.length, c).subarray(0, count), (at) => rows[at] as number).sort(
        (a, b) => a - b,
      );
    }),
  );
}
