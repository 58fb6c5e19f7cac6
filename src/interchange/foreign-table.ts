/** Tables of other programs. Their decoders run in a worker: a damaged file can make them loop or swallow memory. */

import { stat } from 'node:fs/promises';
import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { EquipoiseError } from '../core/errors.js';

/** What the importer needs of a table, whichever file it came from. */
export interface ForeignTable {
  readonly rows: number;
  readonly names: readonly string[];
  /** Which reader fits the column, besides `text`, which fits numbers and strings. */
  kindOf(name: string): DecodedColumn['kind'];
  text(name: string): (string | null)[];
  numbers(name: string): (number | null)[];
  vectors(name: string): { readonly values: Float32Array | Uint16Array; readonly width: number };
  /** Where a person finds row i. */
  where(row: number): string;
}

export type DecodedColumn =
  | { readonly kind: 'strings'; readonly values: (string | null)[] }
  | { readonly kind: 'numbers'; readonly values: (number | null)[] }
  /** Halves come as their bits. */
  | { readonly kind: 'vectors'; readonly values: Float32Array | Uint16Array; readonly width: number }
  /** Of different lengths, or not of numbers; of items alone. */
  | { readonly kind: 'lists'; readonly values: (readonly unknown[] | null)[] }
  | { readonly kind: 'other' };

/** A decoded file, plain enough to pass between threads. */
export interface DecodedTable {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, DecodedColumn>;
}

/** A file of items to classify, without the bytes of its images. */
export interface DecodedItems {
  readonly table: DecodedTable;
  /** Columns of image files. */
  readonly images: readonly string[];
  /** Rows that are read together, and the bytes they take in the file. */
  readonly groups: readonly { readonly start: number; readonly end: number; readonly bytes: number }[];
  /** The description that the `datasets` library leaves in its files, as JSON. */
  readonly features?: string;
}

/** What the decoding thread is asked for. */
export type DecodeRequest =
  | { readonly read: 'arrow' | 'parquet' | 'items'; readonly path: string }
  | {
      readonly read: 'images';
      readonly path: string;
      readonly column: string;
      readonly start: number;
      readonly end: number;
    };

export type DecodeReply<T> = { readonly result: T } | { readonly error: string };

/** Ten times what the slower decoder needs for a sound file. */
function defaultLimitMs(bytes: number): number {
  return 20_000 + bytes / 1000;
}

function decode<T>(request: DecodeRequest, limitMs: number): Promise<T> {
  const { path } = request;
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./decode-worker.js', import.meta.url), {
      workerData: request,
      // As much as this thread may have, so that only what would end the program anyway is refused.
      resourceLimits: { maxOldGenerationSizeMb: getHeapStatistics().heap_size_limit / 2 ** 20 },
    });
    const fail = (reason: string): void =>
      reject(new EquipoiseError('ERR_DATA', `Expected a table in ${path} but ${reason}. Write the file again`));
    const timer = setTimeout(() => {
      fail(`reading it made no end in ${Math.ceil(limitMs / 1000)} s: it is damaged`);
      void worker.terminate();
    }, limitMs);
    worker.once('message', (reply: DecodeReply<T>) => {
      if ('result' in reply) resolve(reply.result);
      else fail(reply.error);
    });
    worker.once('error', (error) => fail(error.message));
    worker.once('exit', () => {
      clearTimeout(timer);
      fail('its reader ended without an answer');
    });
  });
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new EquipoiseError('ERR_DATA', `Expected a file at ${path} but there is none`);
  return found.size;
}

/**
 * Reads a Parquet file of items: its columns now, the files of its image column when asked for.
 * @throws ERR_DATA for a file that is missing, damaged, or compressed in a way that is not known.
 */
export async function openParquetItems(path: string): Promise<DecodedItems> {
  return decode({ read: 'items', path }, defaultLimitMs(await sizeOf(path)));
}

/** Rows `start` … `end` − 1 of a column of images; null where a row has none. */
export async function readParquetImages(
  path: string,
  column: string,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<(Uint8Array | null)[]> {
  return decode({ read: 'images', path, column, start, end }, defaultLimitMs(await sizeOf(path)));
}

/**
 * Reads all columns of an Arrow or Parquet file.
 * @throws ERR_DATA for a file that is missing, damaged, or compressed in a way that is not known.
 */
export async function openForeignTable(
  path: string,
  format: 'arrow' | 'parquet',
  limitMs?: number,
): Promise<ForeignTable> {
  const size = await sizeOf(path);
  const { rows, columns } = await decode<DecodedTable>({ read: format, path }, limitMs ?? defaultLimitMs(size));
  const names = [...columns.keys()];
  const column = <K extends DecodedColumn['kind']>(name: string, ...kinds: K[]): DecodedColumn & { kind: K } => {
    const decoded = columns.get(name);
    if (!decoded)
      throw new EquipoiseError('ERR_DATA', `${path} has no column "${name}"; it has ${names.slice(0, 12).join(', ')}`);
    if (!(kinds as string[]).includes(decoded.kind))
      throw new EquipoiseError('ERR_DATA', `Column "${name}" of ${path} should hold ${kinds.join(' or ')}`);
    return decoded as DecodedColumn & { kind: K };
  };
  return {
    rows,
    names,
    where: (row) => `${path}#${row}`,
    kindOf: (name) => columns.get(name)?.kind ?? 'other',
    text: (name) => column(name, 'strings', 'numbers').values.map((value) => (value === null ? null : String(value))),
    numbers: (name) => column(name, 'numbers').values,
    vectors: (name) => column(name, 'vectors'),
  };
}
