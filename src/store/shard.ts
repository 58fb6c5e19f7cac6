/** One shard: the embeddings of a range of items, as one record batch that reads back as one matrix. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EquipoiseError } from '../core/errors.js';
import { assertFinite, type Dense } from '../core/matrix.js';
import { ArrowTable, encodeArrow, type ColumnData } from './arrow-table.js';
import { readBytes, writeAtomically } from './files.js';
import { fromFloat16, toFloat16 } from './float16.js';
import type { Dtype, Manifest, ShardEntry } from './manifest.js';

export function shardFile(index: number): string {
  return `shard-${String(index).padStart(5, '0')}.arrow`;
}

export interface ShardRows {
  readonly ids: readonly string[];
  /** (rows, dim) float32. */
  readonly embeddings: Dense;
  /** The id each row was augmented from, null for an original. */
  readonly parents?: readonly (string | null)[];
  /** What tells whether an item is still the one that was embedded. */
  readonly identities?: readonly (string | null)[];
}

function narrow(embeddings: Dense, ids: readonly string[]): Uint16Array {
  const halves = toFloat16(embeddings.data);
  const at = halves.findIndex((half) => (half & 0x7fff) === 0x7c00);
  if (at >= 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Row ${JSON.stringify(ids[Math.floor(at / embeddings.cols)])} has ${embeddings.data[at]} in column ${at % embeddings.cols}, beyond float16 (65504). Store float32 instead`,
    );
  return halves;
}

/** @throws ERR_DATA for NaN, infinity, or a number too large for the dtype; ERR_ENVIRONMENT when it cannot be written. */
export async function writeShardFile(
  dir: string,
  index: number,
  { ids, embeddings, parents, identities }: ShardRows,
  dtype: Dtype,
): Promise<{ file: string; bytes: number; sha256: string }> {
  assertFinite(embeddings, (row) => `Row ${JSON.stringify(ids[row])}`);
  const values = dtype === 'float16' ? narrow(embeddings, ids) : embeddings.data;
  const columns: Record<string, ColumnData> = {
    id: { kind: 'utf8', values: ids },
    embedding: { kind: 'vectors', values, width: embeddings.cols },
  };
  if (parents?.some((parent) => parent !== null)) columns['parent'] = { kind: 'utf8', values: parents, nullable: true };
  if (identities?.some((identity) => identity !== null))
    columns['identity'] = { kind: 'utf8', values: identities, nullable: true };
  const file = shardFile(index);
  return { file, ...(await writeAtomically(join(dir, file), encodeArrow(embeddings.rows, columns))) };
}

export interface OpenShard {
  readonly entry: ShardEntry;
  readonly table: ArrowTable;
  readonly values: Float32Array | Uint16Array;
  /** Where the file has them, in bytes; absent where they are not in one piece, as in files that this writer did not make. */
  readonly offset?: number;
}

/** Fails for a shard file that is not there or not of the size it was written with. */
export async function checkShardSize(dir: string, entry: ShardEntry): Promise<void> {
  const size = await stat(join(dir, entry.file)).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === entry.bytes) return;
  throw new EquipoiseError(
    'ERR_INTEGRITY',
    size === undefined
      ? `${entry.file} is missing from ${dir}. Restore it, or make the store again`
      : `${entry.file} in ${dir} has ${size} bytes but was written with ${entry.bytes}. Restore it, or make the store again`,
  );
}

/**
 * Reads a shard and compares its sha256, which costs about as much as reading it: a changed bit would train on.
 * @param into memory to use, as `readBytes`.
 * @throws ERR_INTEGRITY, naming the shard, when it is missing, cut short or not what was written.
 */
export async function readShard(
  dir: string,
  entry: ShardEntry,
  manifest: Manifest,
  into?: ArrayBuffer,
): Promise<OpenShard> {
  await checkShardSize(dir, entry);
  const bytes = (await readBytes(join(dir, entry.file), into)) ?? new Uint8Array(0);
  try {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== entry.sha256) throw new Error(`its sha256 is ${sha256}, not ${entry.sha256}`);
    const table = new ArrowTable(bytes, entry.file);
    const { values, width } = table.vectors('embedding');
    const dtype: Dtype = values instanceof Float32Array ? 'float32' : 'float16';
    if (table.rows !== entry.rows || (width !== manifest.dim && entry.rows > 0) || dtype !== manifest.dtype)
      throw new Error(
        `it holds ${table.rows} x ${width} ${dtype}, not ${entry.rows} x ${manifest.dim} ${manifest.dtype}`,
      );
    const whole = values.buffer === bytes.buffer;
    return { entry, table, values, ...(whole && { offset: values.byteOffset - bytes.byteOffset }) };
  } catch (error) {
    throw new EquipoiseError(
      'ERR_INTEGRITY',
      `${entry.file} in ${dir} is damaged: ${(error as Error).message}. Restore it, or make the store again`,
      { cause: error },
    );
  }
}

/** The shard's rows as float32: the file's own memory where it holds float32. */
export function widen(values: Float32Array | Uint16Array): Float32Array {
  return values instanceof Float32Array ? values : fromFloat16(values);
}

/** Copies rows from … to − 1 of the shard into `out`, starting at its row `at`. */
export function copyRows(
  { values }: OpenShard,
  dim: number,
  from: number,
  to: number,
  out: Float32Array,
  at: number,
): void {
  if (values instanceof Float32Array) out.set(values.subarray(from * dim, to * dim), at * dim);
  else fromFloat16(values.subarray(from * dim, to * dim), out, at * dim);
}
