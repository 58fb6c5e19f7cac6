/** Exact nearest rows: the search behind SMOTE, EOS, ADASYN, Borderline, Tomek links and edited neighbours. */

import ndarray, { type NdArray } from 'ndarray';
import { EquipoiseError, expected } from '../core/errors.js';
import { iota, type DiskRows } from '../core/disk-rows.js';
import { assertFinite, dense, type Dense, type MatrixLike } from '../core/matrix.js';
import { choice, custom, integer, resolveOptions } from '../core/options.js';
import type { OnProgress } from '../core/progress.js';
import { amongChoices, type Among, type Kernels, type NearestOutput, type RowRange } from './kernels.js';
import { loadKernels } from './load.js';
import { nearestOnDisk } from './nearest-on-disk.js';
import { defaultThreads } from './threads.js';

export interface NearestOptions {
  /** Row ids to search for; all rows by default. */
  queries?: ArrayLike<number>;
  /** Neighbours a query. */
  k: number;
  /** Which rows may be a neighbour: any, those of the query's class, or those of another. */
  among?: Among;
  /** Only rows of this range may be neighbours; all by default. `mergeNearest` puts ranges together. */
  within?: RowRange;
  /** At most this many threads; the answer does not depend on it. Default: what the machine grants. */
  threads?: number;
  signal?: AbortSignal;
  onProgress?: OnProgress;
  kernels?: Kernels;
}

export interface NearestRows {
  /** (q, k) row ids by rising distance; −1 where a query has fewer than k candidates. */
  indices: NdArray<Int32Array>;
  /** (q, k) squared Euclidean distances; +Infinity beside −1. */
  l2sq: NdArray<Float32Array>;
  /** (q, k) the float64 sums that `l2sq` rounds, by which neighbours rank. */
  exact: NdArray<Float64Array>;
}

/** An option that is absent unless given. */
export const optional = <T>(accepts: string, help: string, check: (value: unknown) => boolean) =>
  custom<T | undefined>({ accepts, default: undefined, help, check });

export const threadsRule = optional<number>(
  'integer >= 1',
  'at most this many threads',
  (value) => Number.isSafeInteger(value) && Number(value) >= 1,
);
export const kernelsRule = optional<Kernels>(
  'kernels from loadKernels()',
  'backend to use',
  (value) => typeof (value as Kernels | null)?.nearest === 'function',
);

function isRange(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(value).sort().join() === 'end,start';
}

const rules = {
  queries: optional<ArrayLike<number>>(
    'an array of row ids',
    'rows to search for; all by default',
    (value) =>
      typeof value === 'object' && value !== null && typeof (value as { length?: unknown }).length === 'number',
  ),
  // Required: NaN says that none was given.
  k: integer({ min: 1, default: NaN, help: 'neighbours a query' }),
  among: choice({ of: amongChoices, default: 'all', help: 'which rows may be a neighbour' }),
  within: optional<RowRange>('{ start, end }', 'rows that may be a neighbour; all by default', isRange),
  threads: threadsRule,
  signal: optional<AbortSignal>('an AbortSignal', 'stops the search', (value) => value instanceof AbortSignal),
  onProgress: optional<OnProgress>('a function', 'told how far it is', (value) => typeof value === 'function'),
  kernels: kernelsRule,
};

function toRowIds(values: ArrayLike<number>): Int32Array {
  if (values instanceof Int32Array) return values;
  return Int32Array.from(values, (value, i) => {
    if ((value | 0) !== value) throw expected('a row id', `nearest.queries[${i}]`, value);
    return value;
  });
}

function toLabels(labels: ArrayLike<number> | null | undefined, rows: number, among: Among): Int32Array {
  if (labels === null || labels === undefined) {
    if (among === 'all') return new Int32Array(0);
    throw expected('an array of class ids', 'labels', labels, `among: '${among}' compares classes`);
  }
  if (typeof labels !== 'object' || typeof labels.length !== 'number')
    throw expected('an array of class ids', 'labels', labels);
  if (labels.length !== rows)
    throw new EquipoiseError('ERR_SHAPE', `labels has ${labels.length} entries but embeddings has ${rows} rows`);
  if (labels instanceof Int32Array) return labels;
  return Int32Array.from(labels, (label, i) => {
    if ((label | 0) !== label)
      throw new EquipoiseError('ERR_DATA', `Expected a class id for labels[${i}] but received ${String(label)}`);
    return label;
  });
}

/**
 * Finds the exact k nearest rows of each query row by squared Euclidean distance, off the event loop.
 *
 * A row is never its own neighbour (it is excluded by row id, so duplicates of it are found), ties go to the lower id, and
 * the answer is the same to the bit on every backend and any number of threads.
 *
 * @param x (n, d) finite matrix; or the `rows` of a set on disk, which are read in windows, for the same answer.
 * @param labels n class ids; may be null where `among` is 'all'.
 * @returns (q, k) row ids and squared distances, by rising distance.
 * @throws ERR_OPTION, ERR_SHAPE, ERR_DATA for NaN or infinity, ERR_ABORTED.
 *
 * @example
 * const line = { data: new Float32Array([0, 1, 2, 4, 5]), shape: [5, 1] };
 * const { indices } = await nearest(line, [0, 0, 1, 1, 1], { queries: [0, 1], k: 2, among: 'enemies' });
 * // indices.data is [2, 3, 2, 3]: the enemies at 2 and 4
 */
export async function nearest(
  x: MatrixLike | DiskRows,
  labels: ArrayLike<number> | null | undefined,
  options: NearestOptions,
): Promise<NearestRows> {
  const { queries, k, among, within, threads, signal, onProgress, kernels } = resolveOptions('nearest', rules, options);
  if (Number.isNaN(k)) throw expected(rules.k.accepts, 'nearest.k', undefined);
  const onDisk = 'gather' in x;
  const given = onDisk ? undefined : dense(x);
  const rows = onDisk ? x.count : (given?.rows as number);
  const ids = queries === undefined ? iota(rows) : toRowIds(queries);
  const search = {
    labels: toLabels(labels, rows, among),
    queries: ids,
    k,
    among,
    ...(within && { within }),
    threads: threads ?? defaultThreads(),
    ...(signal && { signal }),
    ...(onProgress && {
      onProgress: (done: number) => onProgress({ stage: 'search', done, total: ids.length }),
    }),
  };
  const used = kernels ?? loadKernels();
  let found: NearestOutput;
  if (onDisk) found = await nearestOnDisk(used, x, search);
  else {
    const { data, cols } = given as Dense;
    assertFinite({ data, rows, cols });
    found = await used.nearest({ x: data, rows, cols, ...search });
  }
  const shape = [ids.length, k];
  return {
    indices: ndarray(found.indices, shape),
    l2sq: ndarray(found.l2sq, shape),
    exact: ndarray(found.exact, shape),
  };
}
