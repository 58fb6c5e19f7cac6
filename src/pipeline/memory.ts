/** Whether the rows of a store are read into memory or stay on disk, and who cannot do with the latter. */

import { totalmem } from 'node:os';
import { iota, takeDiskRows } from '../core/disk-rows.js';
import type { AnySet } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import type { Matrix } from '../core/matrix.js';
import type { EmbeddingStore, ReadOptions } from '../store/index.js';

/** What this process may use: the machine's memory, or what its container grants. */
function machineMemory(): number {
  // Node says 0, or more than there is, where nothing limits the process.
  const granted = process.constrainedMemory();
  return granted > 0 ? Math.min(granted, totalmem()) : totalmem();
}

/** The share of the memory that rows may take by default: with what is computed from them, half of it stays free. */
const shareOfRows = 1 / 4;

const bytesOf = (rows: number, dim: number): number => 4 * rows * dim;

/**
 * Rows of a store: in memory where the embeddings of the whole store take at most `memoryBytes` (default: a quarter of the machine's), else on
 * disk, with as much for the windows in which they are read.
 * @throws as `store.read`.
 */
export function openRows(store: EmbeddingStore, where: ReadOptions, memoryBytes?: number): Promise<AnySet> {
  const most = memoryBytes ?? Math.floor(machineMemory() * shareOfRows);
  return bytesOf(store.count, store.dim) > most ? store.onDisk({ ...where, memoryBytes: most }) : store.read(where);
}

/** Rows on disk that an exported file is checked on. */
const mostSampled = 4096;

/** Rows to check an exported head on: all that are in memory, or some spread over those on disk. */
export async function sampleRows(set: AnySet): Promise<Matrix> {
  if (!('rows' in set)) return set.embeddings;
  const stride = Math.ceil(set.rows.count / mostSampled);
  const chosen = iota(Math.ceil(set.rows.count / stride)).map((i) => i * stride);
  return takeDiskRows(set.rows, chosen);
}

/** Rows as they are read, as threads share them, and as one training divides them. */
const copiesToCompare = 3;

/**
 * For work that holds all rows, before it begins.
 * @throws ERR_ENVIRONMENT where the machine has too little memory for it.
 */
export function assertRowsFit(what: string, rows: number, dim: number): void {
  const needed = copiesToCompare * bytesOf(rows, dim);
  const there = machineMemory();
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  if (needed > there)
    throw new EquipoiseError(
      'ERR_ENVIRONMENT',
      `Expected about ${gibibytes(needed)} of memory for ${what}, which holds ${rows} x ${dim} rows for several trainings at once, but this machine has ${gibibytes(there)}. Take fewer rows, or use equipoise train and evaluate for one strategy after the other: they read rows from disk`,
    );
}
