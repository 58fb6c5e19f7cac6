/** Parquet files: any flat or list column in; row groups of one window each out. */

import { isUtf8 } from 'node:buffer';
import * as zlib from 'node:zlib';
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetRead,
  type Compressors,
  type DecodedArray,
  type FileMetaData,
} from 'hyparquet';
import { ByteWriter, ParquetWriter, type ColumnSource, type SchemaElement } from 'hyparquet-writer';
import type { DecodedColumn, DecodedItems, DecodedTable } from './foreign-table.js';

/** A page unpacks to what its header says, or not at all. */
const atMost = (length: number) => ({ maxOutputLength: Math.max(1, length) });

const compressors: Compressors = {
  GZIP: (input, length) => zlib.gunzipSync(input, atMost(length)),
  BROTLI: (input, length) => zlib.brotliDecompressSync(input, atMost(length)),
  ZSTD(input, length) {
    // Not among the types of the oldest Node.js that is supported.
    const { zstdDecompressSync } = zlib as { zstdDecompressSync?: typeof zlib.brotliDecompressSync };
    if (zstdDecompressSync === undefined)
      throw new Error(
        `it is compressed with zstd, which Node.js reads from 22.15 on (this is ${process.versions.node}): write it with snappy or gzip, or use a newer Node.js`,
      );
    return zstdDecompressSync(input, atMost(length));
  },
};

type Piece = { readonly rowStart: number; readonly columnData: DecodedArray };

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';
const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || value instanceof Float32Array;

function decodeVectors(name: string, lists: readonly unknown[]): DecodedColumn {
  const width = isList(lists[0]) ? lists[0].length : 0;
  const values = new Float32Array(width * lists.length);
  for (const [row, list] of lists.entries()) {
    if (!isList(list) || list.length !== width)
      throw new Error(
        `column "${name}" has ${isList(list) ? list.length : 'no'} numbers in row ${row}, ${width} in the first`,
      );
    for (let j = 0; j < width; j++) {
      if (!isNumber(list[j])) throw new Error(`column "${name}" has no number in row ${row}`);
      values[row * width + j] = Number(list[j]);
    }
  }
  return { kind: 'vectors', values, width };
}

/** Lists of one length of numbers alone are vectors. */
const areVectors = (values: readonly unknown[]): boolean => {
  const width = isList(values[0]) ? values[0].length : -1;
  return values.every((list) => isList(list) && list.length === width && Array.prototype.every.call(list, isNumber));
};

const plain = (element: unknown): unknown => (typeof element === 'bigint' ? Number(element) : (element ?? null));

function decodeLists(values: readonly unknown[]): DecodedColumn {
  if (!values.every((list) => list === null || isList(list))) return { kind: 'other' };
  return { kind: 'lists', values: values.map((list) => list && Array.from(list as ArrayLike<unknown>, plain)) };
}

/** @param ofItems lists may be labels, of which a row has any number; elsewhere they are embeddings, which are of one length. */
function decodeColumn(name: string, pieces: readonly Piece[], rows: number, ofItems: boolean): DecodedColumn {
  const held = pieces.reduce((sum, piece) => sum + piece.columnData.length, 0);
  if (held !== rows) throw new Error(`column "${name}" has ${held} of ${rows} rows`);
  const values: unknown[] = Array.from({ length: rows }, () => null);
  for (const { rowStart, columnData } of pieces)
    for (let i = 0; i < columnData.length; i++) values[rowStart + i] = columnData[i] ?? null;
  const sample = values.find((value) => value !== null);
  const every = (fits: (value: unknown) => boolean): boolean => values.every((value) => value === null || fits(value));
  if (isList(sample)) return ofItems && !areVectors(values) ? decodeLists(values) : decodeVectors(name, values);
  if (isNumber(sample) && every(isNumber))
    return { kind: 'numbers', values: values.map((value) => (value === null ? null : Number(value))) };
  if (every((value) => typeof value === 'string')) return { kind: 'strings', values: values as (string | null)[] };
  return { kind: 'other' };
}

/** @throws an error that says what is wrong with the file, or how it is compressed when that is not known. */
export async function decodeParquet(path: string, only?: string[]): Promise<DecodedTable> {
  const ofItems = only !== undefined;
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const rows = Number(metadata.num_rows);
  const pieces = new Map<string, Piece[]>();
  await parquetRead({
    file,
    metadata,
    compressors,
    ...(only && { columns: only }),
    onChunk({ columnName, columnData, rowStart }) {
      const found = pieces.get(columnName);
      if (found) found.push({ rowStart, columnData });
      else pieces.set(columnName, [{ rowStart, columnData }]);
    },
  });
  return {
    rows,
    columns: new Map([...pieces].map(([name, parts]) => [name, decodeColumn(name, parts, rows, ofItems)])),
  };
}

/** Bytes that are no text, alone or as `{ bytes, path }`, which is how datasets with images are commonly written. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return isUtf8(value) ? undefined : value;
  const { bytes } = (value ?? {}) as { bytes?: unknown };
  return bytes instanceof Uint8Array ? bytes : undefined;
}

async function readColumn(
  path: string,
  metadata: FileMetaData,
  column: string,
  rows: { start: number; end: number },
): Promise<unknown[]> {
  const values: unknown[] = Array.from({ length: rows.end - rows.start }, () => null);
  await parquetRead({
    file: await asyncBufferFromFile(path),
    metadata,
    compressors,
    columns: [column],
    rowStart: rows.start,
    rowEnd: rows.end,
    utf8: false,
    onChunk({ columnData, rowStart }) {
      for (let i = 0; i < columnData.length; i++) {
        const at = rowStart + i - rows.start;
        if (at >= 0 && at < values.length) values[at] = columnData[i] ?? null;
      }
    },
  });
  return values;
}

/** Columns that may hold bytes: unannotated byte arrays, or groups that have a member `bytes`. */
function byteColumns({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  let at = 1;
  const skip = (): void => {
    const { num_children: children = 0 } = schema[at++] ?? {};
    for (let i = 0; i < children; i++) skip();
  };
  for (let i = 0; i < (schema[0]?.num_children ?? 0); i++) {
    const start = at;
    skip();
    const leaf = schema[start];
    const plain = leaf?.type === 'BYTE_ARRAY' && leaf.converted_type === undefined && leaf.logical_type === undefined;
    const group = schema.slice(start + 1, at).some(({ name, type }) => name === 'bytes' && type === 'BYTE_ARRAY');
    if (leaf && (plain || group)) names.push(leaf.name);
  }
  return names;
}

function* groupsOf({ row_groups: groups }: FileMetaData) {
  let start = 0;
  for (const group of groups) {
    const end = start + Number(group.num_rows);
    if (end > start) yield { start, end, bytes: Number(group.total_byte_size) };
    start = end;
  }
}

/** What a dataset needs of a file: every column but the one of images, and where the images are. */
export async function decodeParquetItems(path: string): Promise<DecodedItems> {
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
  const groups = [...groupsOf(metadata)];
  const candidates = byteColumns(metadata);
  const images: string[] = [];
  const [first] = groups;
  for (const name of first ? candidates : []) {
    const values = await readColumn(path, metadata, name, first as { start: number; end: number });
    if (values.some((value) => bytesOf(value))) images.push(name);
  }
  const names = [...new Set(metadata.row_groups[0]?.columns.map((c) => c.meta_data?.path_in_schema[0] ?? ''))];
  const table = await decodeParquet(
    path,
    names.filter((name) => !images.includes(name)),
  );
  const features = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  return { table, images, groups, ...(features !== undefined && { features }) };
}

/** The images of a range of rows; null where there is none. */
export async function decodeParquetImages(
  path: string,
  column: string,
  rows: { start: number; end: number },
): Promise<(Uint8Array | null)[]> {
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
  // A view of a page would take the page along when it is sent to another thread.
  return (await readColumn(path, metadata, column, rows)).map((value) => bytesOf(value)?.slice() ?? null);
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
