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
  | { readonly kind: 'other' };

/** A decoded file, plain enough to pass between threads. */
export interface DecodedTable {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, DecodedColumn>;
}

export type DecodeReply = { readonly table: DecodedTable } | { readonly error: string };

/** Ten times what the slower decoder needs for a sound file. */
function defaultLimitMs(bytes: number): number {
  return 20_000 + bytes / 1000;
}

function decode(path: string, format: 'arrow' | 'parquet', limitMs: number): Promise<DecodedTable> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./decode-worker.js', import.meta.url), {
      workerData: { path, format },
      // As much as this thread may have, so that only what would end the program anyway is refused.
      resourceLimits: { maxOldGenerationSizeMb: getHeapStatistics().heap_size_limit / 2 ** 20 },
    });
    const fail = (reason: string): void =>
      reject(new EquipoiseError('ERR_DATA', `Expected a table in ${path} but ${reason}. Write the file again`));
    const timer = setTimeout(() => {
      fail(`reading it made no end in ${Math.ceil(limitMs / 1000)} s: it is damaged`);
      void worker.terminate();
    }, limitMs);
    worker.once('message', (reply: DecodeReply) => {
      if ('table' in reply) resolve(reply.table);
      else fail(reply.error);
    });
    worker.once('error', (error) => fail(error.message));
    worker.once('exit', () => {
      clearTimeout(timer);
      fail('its reader ended without an answer');
    });
  });
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
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new EquipoiseError('ERR_DATA', `Expected a file at ${path} but there is none`);
  const { rows, columns } = await decode(path, format, limitMs ?? defaultLimitMs(found.size));
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
