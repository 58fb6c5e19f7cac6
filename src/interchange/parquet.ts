/** Parquet files: any flat or list column in; row groups of one window each out. */

import * as zlib from 'node:zlib';
import { stat } from 'node:fs/promises';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, type Compressors, type DecodedArray } from 'hyparquet';
import { ByteWriter, ParquetWriter, type ColumnSource, type SchemaElement } from 'hyparquet-writer';
import { EquipoiseError } from '../core/errors.js';
import type { ForeignTable } from './foreign-table.js';

const compressors: Compressors = {
  GZIP: (input) => zlib.gunzipSync(input),
  BROTLI: (input) => zlib.brotliDecompressSync(input),
};

function bad(path: string, what: string, cause?: unknown): EquipoiseError {
  return new EquipoiseError('ERR_DATA', `${path} ${what}`, { cause });
}

/** Joins the pieces of a column in row order. */
function column(pieces: readonly { rowStart: number; columnData: DecodedArray }[], rows: number): unknown[] {
  const values: unknown[] = Array.from({ length: rows }, () => null);
  for (const { rowStart, columnData } of pieces)
    for (let i = 0; i < columnData.length; i++) values[rowStart + i] = columnData[i] ?? null;
  return values;
}

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';
const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || value instanceof Float32Array;

/** @throws ERR_DATA for a file that is missing, damaged or compressed in a way that is not known. */
export async function openParquetTable(path: string): Promise<ForeignTable> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw bad(path, 'should be a Parquet file but there is none');
  const pieces = new Map<string, { rowStart: number; columnData: DecodedArray }[]>();
  let rows: number;
  let names: string[];
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    rows = Number(metadata.num_rows);
    await parquetRead({
      file,
      metadata,
      compressors,
      onChunk: ({ columnName, columnData, rowStart }) => {
        const found = pieces.get(columnName);
        if (found) found.push({ rowStart, columnData });
        else pieces.set(columnName, [{ rowStart, columnData }]);
      },
    });
    names = [...pieces.keys()];
    for (const name of names) {
      const held = (pieces.get(name) ?? []).reduce((sum, piece) => sum + piece.columnData.length, 0);
      if (held !== rows) throw new Error(`column "${name}" has ${held} of ${rows} rows`);
    }
  } catch (error) {
    throw bad(path, `is not a readable Parquet file (${(error as Error).message}); write it again, with snappy`, error);
  }
  const values = (name: string): unknown[] => {
    const found = pieces.get(name);
    if (!found) throw bad(path, `has no column "${name}"; it has ${names.slice(0, 12).join(', ')}`);
    return column(found, rows);
  };
  const typed = <T>(name: string, fits: (value: unknown) => boolean, what: string): (T | null)[] =>
    values(name).map((value, row) => {
      if (value === null || fits(value)) return value as T | null;
      throw bad(path, `should have ${what} in column "${name}", row ${row}`);
    });
  return {
    rows,
    names,
    where: (row) => `${path}#${row}`,
    kindOf(name) {
      let sample: unknown;
      for (const { columnData } of pieces.get(name) ?? [])
        for (let i = 0; sample === undefined && i < columnData.length; i++) sample = columnData[i] ?? undefined;
      if (isList(sample)) return 'vectors';
      if (isNumber(sample)) return 'numbers';
      return typeof sample === 'string' || sample === undefined ? 'strings' : 'other';
    },
    strings: (name) => typed<string>(name, (value) => typeof value === 'string', 'text'),
    numbers: (name) =>
      typed<number | bigint>(name, isNumber, 'numbers').map((value) => (value === null ? null : Number(value))),
    vectors(name) {
      const lists = typed<ArrayLike<unknown>>(name, isList, 'lists of numbers');
      const width = lists[0]?.length ?? 0;
      const out = new Float32Array(width * rows);
      for (const [row, list] of lists.entries()) {
        if (list?.length !== width)
          throw bad(
            path,
            `has ${list?.length ?? 0} numbers in column "${name}", row ${row}, but ${width} in the first`,
          );
        for (let j = 0; j < width; j++) {
          if (!isNumber(list[j])) throw bad(path, `should have numbers in column "${name}", row ${row}`);
          out[row * width + j] = Number(list[j]);
        }
      }
      return { values: out, width };
    },
  };
}

/** A column to write; `list` is a list of float32 in each row. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: 'text' | 'float' | 'list';
  readonly nullable?: boolean;
}

function schemaOf(columns: readonly ParquetColumn[]): SchemaElement[] {
  const elements = columns.flatMap(({ name, type, nullable }): SchemaElement[] => {
    const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
    if (type === 'text') return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type }];
    if (type === 'float') return [{ name, type: 'FLOAT', repetition_type }];
    return [
      { name, repetition_type, num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'REQUIRED', type: 'FLOAT' },
    ];
  });
  return [{ name: 'root', num_children: columns.length }, ...elements];
}

/** The bytes of a Parquet file with a row group for each window of column values. */
export async function* encodeParquet(
  columns: readonly ParquetColumn[],
  windows: AsyncIterable<readonly DecodedArray[]>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = new ByteWriter();
  // What was encoded so far leaves the buffer; the writer keeps counting from the start of the file.
  const take = (): Uint8Array => {
    const taken = bytes.getBytes().slice();
    bytes.index = 0;
    return taken;
  };
  // Embeddings do not compress, and minima and maxima of them serve no query.
  const writer = new ParquetWriter({
    writer: bytes,
    schema: schemaOf(columns),
    codec: 'UNCOMPRESSED',
    statistics: false,
  });
  for await (const values of windows) {
    const columnData = columns.map(({ name, type }, i): ColumnSource => {
      const data = values[i] as DecodedArray;
      return type === 'text' ? { name, data } : { name, data, encoding: 'PLAIN' };
    });
    await writer.write({ columnData, rowGroupSize: values[0]?.length ?? 1 });
    yield take();
  }
  await writer.finish();
  yield take();
}
