/** The rows of one training: where they come from, and how threads share them. */

import {
  assertTraining,
  brand,
  isResampled,
  partOf,
  type EmbeddingSet,
  type Part,
  type TrainingSet,
} from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { dense, matrix } from '../core/matrix.js';
import { strataOf, targetKind, type TargetKind } from '../core/targets.js';
import { foldParts, foldsOf, parentRows, split } from '../dataset/index.js';

/** Parts made beforehand; every seed then trains and judges on the same ones. */
export interface ComparedParts {
  readonly train: TrainingSet;
  readonly validation?: EmbeddingSet;
  readonly test: EmbeddingSet;
}

/** Whether rows have one label each or any number of them. */
export const kindOf = (data: EmbeddingSet | ComparedParts): TargetKind =>
  targetKind('embeddings' in data ? data : data.train);

/** One division of the rows: the same for all that is compared. */
export interface Division {
  readonly seed: number;
  /** Null where rows are divided once a seed. */
  readonly fold: number | null;
}

export interface DivisionOptions {
  readonly folds: number | null;
  readonly test: number;
  readonly validation: number;
}

/** All divisions, seed by seed. */
export function divisionsOf(seeds: readonly number[], folds: number | null): Division[] {
  return seeds.flatMap((seed): Division[] =>
    folds === null ? [{ seed, fold: null }] : Array.from({ length: folds }, (_, fold) => ({ seed, fold })),
  );
}

/** @throws ERR_DATA for rows that cannot be told apart or judged. */
function checked(parts: ComparedParts): ComparedParts {
  const { train, validation, test } = parts;
  assertTraining(train, 'compare');
  for (const [part, set] of Object.entries({ validation, test }))
    if (set && (isResampled(set) || partOf(set) === 'train'))
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected held-out rows for compare's ${part} but received ${partOf(set)} rows`,
      );
  if (test.labels.length === 0)
    throw new EquipoiseError(
      'ERR_DATA',
      'Expected rows to judge by but the test part is empty. Give a test share above 0, or folds',
    );
  const missing = train.classNames.filter((_, c) => train.classCounts[c] === 0 && (test.classCounts[c] ?? 0) > 0);
  if (missing.length > 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected training rows of every class that is judged but there are none of ${missing.join(', ')}`,
    );
  return parts;
}

/** Makes the parts of a division; those made beforehand are the same for all. */
export function createDivider(
  data: EmbeddingSet | ComparedParts,
  { folds, test, validation }: DivisionOptions,
): (division: Division) => ComparedParts {
  if (!('embeddings' in data)) {
    const parts = checked(data);
    return () => parts;
  }
  const dealt = new Map<number, Int32Array>();
  return ({ seed, fold }) => {
    if (fold === null || folds === null) return checked(split(data, { test, validation, seed }));
    let rows = dealt.get(seed);
    if (rows === undefined) {
      const { groups } = data;
      const parents = parentRows(data);
      rows = foldsOf(data.labels, strataOf(data), {
        folds,
        seed,
        ...(groups && { groups }),
        ...(parents && { parents }),
      });
      dealt.set(seed, rows);
    }
    return checked(foldParts(data, rows, fold, { validation, seed }));
  };
}

/** A set as it crosses to another thread: the numbers are not copied. */
interface SharedSet extends Omit<EmbeddingSet, 'embeddings'> {
  readonly data: Float32Array;
  readonly rows: number;
  readonly cols: number;
  readonly part: Part | undefined;
}

/** Parts whose rows lie in memory that all threads see. */
export interface SharedParts {
  readonly train: SharedSet;
  readonly validation: SharedSet | null;
  readonly test: SharedSet;
}

function shareSet(set: EmbeddingSet): SharedSet {
  const { embeddings, ...rest } = set;
  const { data, rows, cols } = dense(embeddings);
  const shared = new Float32Array(new SharedArrayBuffer(Math.max(4, data.byteLength)), 0, data.length);
  shared.set(data);
  return { ...rest, data: shared, rows, cols, part: partOf(set) as Part | undefined };
}

function openSet({ data, rows, cols, part, ...rest }: SharedSet): EmbeddingSet {
  const set = { ...rest, embeddings: matrix(data, rows, cols) };
  return part === undefined ? set : brand(set, part);
}

export const shareParts = ({ train, validation, test }: ComparedParts): SharedParts => ({
  train: shareSet(train),
  validation: validation ? shareSet(validation) : null,
  test: shareSet(test),
});

export const openParts = ({ train, validation, test }: SharedParts): ComparedParts => ({
  train: openSet(train) as TrainingSet,
  ...(validation && { validation: openSet(validation) }),
  test: openSet(test),
});
