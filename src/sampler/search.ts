/** Rows by class, and the neighbour search that the methods of a training set share. */

import type { AnySet } from '../core/embedding-set.js';
import { iota, type DiskRows } from '../core/disk-rows.js';
import { throwIfAborted } from '../core/errors.js';
import { dense, type Dense } from '../core/matrix.js';
import { defaultThreads, loadKernels, nearestOnDisk, type Among } from '../kernels/index.js';
import type { PlanContext } from './sampler.js';

/** Nearest rows of several rows: row q's are `indices[q * k]` … `indices[q * k + k − 1]`, −1 where there are fewer. */
export interface Neighbors {
  readonly k: number;
  readonly indices: Int32Array;
  readonly l2sq: Float32Array;
}

export interface NeighborQuery {
  /** Cut to the rows there are besides the query. */
  readonly k: number;
  readonly among: Among;
  /** Rows to search for; default: all that the search was made for. */
  readonly rows?: Int32Array;
  /** What `among` compares, one a row, where that is not the class. */
  readonly labels?: Int32Array;
  /** Rows to search among in place of the set's; `rows` are then its own, by default all, and so are `labels`. */
  readonly space?: Dense;
}

/** The rows of each class, ascending. */
export function membersByClass(labels: Int32Array, counts: Int32Array): Int32Array[] {
  const members = Array.from(counts, (count) => new Int32Array(count));
  const filled = new Int32Array(counts.length);
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    (members[label] as Int32Array)[(filled[label] as number)++] = row;
  }
  return members;
}

export function concat(parts: readonly Int32Array[]): Int32Array {
  const whole = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Nearest neighbours of rows of `set`, `queries` unless the query names its own. */
export function createSearch(set: AnySet, queries: Int32Array, context: PlanContext) {
  const { labels } = set;
  const onDisk = 'rows' in set ? set.rows : undefined;
  const whole = 'rows' in set ? undefined : dense(set.embeddings);
  const kernels = context.kernels ?? loadKernels();
  const { signal, onProgress, threads = defaultThreads() } = context;

  return async (query: NeighborQuery): Promise<Neighbors> => {
    throwIfAborted(signal, 'searching for neighbours');
    const space = query.space ?? whole;
    const k = Math.min(query.k, (space ? space.rows : labels.length) - 1);
    const wanted = query.rows ?? (query.space ? iota(query.space.rows) : queries);
    const asked = {
      labels: query.labels ?? labels,
      queries: wanted,
      k,
      among: query.among,
      threads,
      ...(signal && { signal }),
      ...(onProgress && { onProgress: (done: number) => onProgress({ stage: 'search', done, total: wanted.length }) }),
    };
    const { indices, l2sq } = space
      ? await kernels.nearest({ x: space.data, rows: space.rows, cols: space.cols, ...asked })
      : await nearestOnDisk(kernels, onDisk as DiskRows, asked);
    return { k, indices, l2sq };
  };
}
