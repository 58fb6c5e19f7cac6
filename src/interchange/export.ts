/** A store out to the files of other programs, window by window. */

import { stat } from 'node:fs/promises';
import { EquipoiseError, expected, unknownName } from '../core/errors.js';
import { dense } from '../core/matrix.js';
import {
  encodeArrowBatches,
  labelColumn,
  writeAtomically,
  type ColumnData,
  type EmbeddingStore,
  type Row,
} from '../store/index.js';
import { csvLine } from './csv-table.js';
import { interchangeFormats, type InterchangeFormat } from './import.js';
import { byteWindows, encodeTextArray, npyHeader } from './npy.js';
import { encodeNpz } from './npz.js';
import { encodeParquet, type ParquetColumn } from './parquet.js';
import { writeSafetensors } from './safetensors.js';

export interface ExportOptions {
  readonly to: InterchangeFormat;
  readonly path: string;
  /** Replaces files that are there. */
  readonly overwrite?: boolean;
}

export interface ExportedFiles {
  /** What was written: for npy the array and, beside it, the labels. */
  readonly files: readonly string[];
  readonly rows: number;
}

/** Rows of the store with what is known of them; embeddings row-major. */
interface Chunk {
  readonly rows: readonly Row[];
  readonly data: Float32Array;
}

async function* chunksOf(store: EmbeddingStore, rows: readonly Row[]): AsyncGenerator<Chunk, void, undefined> {
  for await (const { start, ids, embeddings } of store.windows())
    yield { rows: rows.slice(start, start + ids.length), data: dense(embeddings).data };
}

async function* embeddingBytes(store: EmbeddingStore): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { embeddings } of store.windows()) yield* byteWindows(dense(embeddings).data);
}

/** The labels of a row with any number of them side by side. @throws ERR_DATA for a name with the separator in it. */
function labelText({ id, label }: Row): string | null {
  if (label === null || typeof label === 'string') return label;
  const bad = label.find((name) => name.includes(labelSeparator));
  if (bad !== undefined)
    throw new EquipoiseError(
      'ERR_DATA',
      `Row ${JSON.stringify(id)} has label ${JSON.stringify(bad)}, which has the "${labelSeparator}" in it that separates labels. Export to arrow`,
    );
  return label.join(labelSeparator);
}

/** Between the labels of one row in formats without lists. */
const labelSeparator = ';';

/** Nine significant digits tell any two float32 apart; the shortest text of that number is written. */
const decimal = (value: number): string => String(Number(value.toPrecision(9)));

const optional = (rows: readonly Row[]): ('group' | 'weight')[] =>
  (['group', 'weight'] as const).filter((name) => rows.some((row) => row[name] !== undefined));

function* labelLines(rows: readonly Row[]): Generator<Uint8Array> {
  const names = optional(rows);
  const lines = rows.map((row) =>
    csvLine([row.id, labelText(row) ?? '', ...names.map((name) => String(row[name] ?? ''))]),
  );
  yield Buffer.from(csvLine(['id', 'label', ...names]) + lines.join(''));
}

async function* csvBytes(
  store: EmbeddingStore,
  rows: readonly Row[],
  columns: readonly string[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const names = optional(rows);
  yield Buffer.from(csvLine(['id', 'label', ...names, ...columns]));
  for await (const chunk of chunksOf(store, rows)) {
    const lines = chunk.rows.map((row, i) => {
      const numbers = Array.from(chunk.data.subarray(i * store.dim, (i + 1) * store.dim), decimal);
      return csvLine([row.id, labelText(row) ?? '', ...names.map((name) => String(row[name] ?? '')), ...numbers]);
    });
    yield Buffer.from(lines.join(''));
  }
}

async function* arrowBatches(store: EmbeddingStore, rows: readonly Row[]) {
  const names = optional(rows);
  for await (const chunk of chunksOf(store, rows)) {
    const columns: Record<string, ColumnData> = {
      id: { kind: 'utf8', values: chunk.rows.map((row) => row.id) },
      label: labelColumn(chunk.rows),
    };
    for (const name of names)
      columns[name] =
        name === 'group'
          ? { kind: 'utf8', values: chunk.rows.map((row) => row.group ?? null), nullable: true }
          : { kind: 'float32', values: chunk.rows.map((row) => row.weight ?? null) };
    columns['embedding'] = { kind: 'vectors', values: chunk.data, width: store.dim };
    yield { rows: chunk.rows.length, columns };
  }
}

/** A table's own columns stay columns; an embedding is one column of lists. */
function parquetBytes(store: EmbeddingStore, rows: readonly Row[]): AsyncIterable<Uint8Array> {
  const named = store.manifest.columns?.map((column) => column.name);
  const names = optional(rows);
  const columns: ParquetColumn[] = [
    { name: 'id', type: 'text' },
    { name: 'label', type: 'text', nullable: true },
    ...names.map((name): ParquetColumn => ({ name, type: name === 'group' ? 'text' : 'float', nullable: true })),
    ...(named?.map((name): ParquetColumn => ({ name, type: 'float' })) ?? [
      { name: 'embedding', type: 'list' } satisfies ParquetColumn,
    ]),
  ];
  const { dim } = store;
  async function* windows() {
    for await (const { rows: part, data } of chunksOf(store, rows))
      yield [
        part.map((row) => row.id),
        part.map(labelText),
        ...names.map((name) => part.map((row) => row[name] ?? null)),
        ...(named
          ? named.map((_, j) => Float32Array.from(part, (__, i) => data[i * dim + j] as number))
          : [part.map((_, i) => Array.from(data.subarray(i * dim, (i + 1) * dim)))]),
      ];
  }
  return encodeParquet(columns, windows());
}

/** Class ids in the order of the class table; −1 for none. @throws ERR_OPTION where rows have any number of labels. */
function classIds({ classNames, dir }: EmbeddingStore, rows: readonly Row[]): BigInt64Array<ArrayBuffer> {
  const classId = new Map(classNames.map((name, id) => [name, id]));
  return BigInt64Array.from(rows, ({ label }) => {
    if (label === null || typeof label === 'string') return BigInt(label === null ? -1 : (classId.get(label) ?? -1));
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected one label a row for npz and safetensors but ${dir} has rows with any number of them. Export to arrow, parquet, csv or npy`,
    );
  });
}

/** NaN where a row has none. */
const weightsOf = (rows: readonly Row[]): Uint8Array =>
  new Uint8Array(Float32Array.from(rows, ({ weight }) => weight ?? NaN).buffer);
/** Empty where a row has none. */
const groupsOf = (rows: readonly Row[]): string[] => rows.map(({ group }) => group ?? '');

function npzBytes(store: EmbeddingStore, rows: readonly Row[]): AsyncIterable<Uint8Array> {
  async function* embeddings() {
    yield npyHeader([rows.length, store.dim]);
    yield* embeddingBytes(store);
  }
  const given = optional(rows);
  return encodeNpz([
    { name: 'embeddings', chunks: embeddings() },
    { name: 'labels', chunks: [npyHeader([rows.length], '<i8'), new Uint8Array(classIds(store, rows).buffer)] },
    { name: 'ids', chunks: encodeTextArray(rows.map(({ id }) => id)) },
    { name: 'class_names', chunks: encodeTextArray(store.classNames) },
    ...(given.includes('group') ? [{ name: 'groups', chunks: encodeTextArray(groupsOf(rows)) }] : []),
    ...(given.includes('weight') ? [{ name: 'weights', chunks: [npyHeader([rows.length]), weightsOf(rows)] }] : []),
  ]);
}

async function exportSafetensors(store: EmbeddingStore, rows: readonly Row[], path: string): Promise<void> {
  const labels = classIds(store, rows);
  const given = optional(rows);
  await writeSafetensors(
    path,
    [
      { name: 'embeddings', dtype: 'F32', shape: [rows.length, store.dim], chunks: embeddingBytes(store) },
      { name: 'labels', dtype: 'I64', shape: [rows.length], chunks: [new Uint8Array(labels.buffer)] },
      ...(given.includes('weight')
        ? [{ name: 'weights', dtype: 'F32' as const, shape: [rows.length], chunks: [weightsOf(rows)] }]
        : []),
    ],
    {
      classNames: JSON.stringify(store.classNames),
      ids: JSON.stringify(rows.map((row) => row.id)),
      ...(given.includes('group') && { groups: JSON.stringify(groupsOf(rows)) }),
    },
  );
}

/** Where the labels of an exported `.npy` go. */
export function labelsPath(path: string): string {
  return `${path.replace(/\.npy$/i, '')}.labels.csv`;
}

/**
 * Writes all rows of a store, labelled or not, as one file with ids and labels; as `.npy`, labels go to a file beside it.
 *
 * csv, arrow and parquet have id, label, group and weight (where given) and either the table's own columns or the embedding: e0, e1, … in csv,
 * a column of lists in the others. npz has `embeddings`, `labels` (class ids, −1 for none), `ids`, `class_names` and, where given, `groups` ("" for none)
 * and `weights` (NaN for none); safetensors has the numbers of these as tensors and the text in its metadata. Numbers are float32 and survive the way there
 * and back exactly.
 *
 * @throws ERR_OPTION for an unknown format or a file that is there already; ERR_ENVIRONMENT when it cannot be written.
 *
 * @example
 * await exportEmbeddings(store, { to: 'parquet', path: 'train.parquet' });
 */
export async function exportEmbeddings(store: EmbeddingStore, options: ExportOptions): Promise<ExportedFiles> {
  const { to, path, overwrite = false, ...rest } = options;
  for (const name of Object.keys(rest))
    throw new EquipoiseError('ERR_OPTION', `Unknown option export.${name}. Known options: to, path, overwrite`);
  if (!interchangeFormats.includes(to)) throw unknownName('format', to, interchangeFormats);
  if (typeof path !== 'string' || path === '') throw expected('a path', 'export.path', path);
  if (path.endsWith('.gz')) throw expected('a path without .gz, since nothing is compressed here', 'export.path', path);
  const files = to === 'npy' ? [path, labelsPath(path)] : [path];
  for (const file of files)
    if (!overwrite && (await stat(file).catch(() => undefined)))
      throw new EquipoiseError(
        'ERR_OPTION',
        `${file} is there already. Choose another path, or replace it with --overwrite`,
      );

  const rows = await store.rows();
  const columns = store.manifest.columns?.map((column) => column.name);
  const taken = columns?.find((name) => ['id', 'label', 'group', 'weight'].includes(name));
  if (taken !== undefined && (to === 'csv' || to === 'parquet'))
    throw new EquipoiseError(
      'ERR_OPTION',
      `The table has a column "${taken}", which would clash with that of the rows. Export npy, arrow or safetensors`,
    );
  if (to === 'npy') {
    const header = npyHeader([rows.length, store.dim]);
    await writeAtomically(
      path,
      (async function* () {
        yield header;
        yield* embeddingBytes(store);
      })(),
    );
    await writeAtomically(labelsPath(path), labelLines(rows));
  } else if (to === 'npz') await writeAtomically(path, npzBytes(store, rows));
  else if (to === 'safetensors') await exportSafetensors(store, rows, path);
  else if (to === 'csv')
    await writeAtomically(path, csvBytes(store, rows, columns ?? Array.from({ length: store.dim }, (_, j) => `e${j}`)));
  else if (to === 'arrow') await writeAtomically(path, encodeArrowBatches(arrowBatches(store, rows)));
  else await writeAtomically(path, parquetBytes(store, rows));
  return { files, rows: rows.length };
}
