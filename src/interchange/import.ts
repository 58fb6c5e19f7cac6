/** Embeddings that another program made, into a store. */

import { extname } from 'node:path';
import { compareNames, type Column } from '../core/embedding-set.js';
import { EquipoiseError, expected, unknownName } from '../core/errors.js';
import { namesOf, type Label, type Modality } from '../core/item.js';
import { fromFloat16, writeStore, type Dtype, type EmbeddingStore, type Row } from '../store/index.js';
import { openCsvTable } from './csv-table.js';
import type { ReadCsvOptions } from './csv.js';
import { openForeignTable, type ForeignTable } from './foreign-table.js';
import { readLabels, type LabelColumns } from './labels-file.js';
import { categoryOf, layOut, looksCategorical, type Feature } from './features.js';
import { readNpy, type NpyArray } from './npy.js';
import { readNpz } from './npz.js';
import { readSafetensors } from './safetensors.js';

export const interchangeFormats = ['npy', 'npz', 'csv', 'safetensors', 'arrow', 'parquet'] as const;
export type InterchangeFormat = (typeof interchangeFormats)[number];

export interface ImportOptions {
  /** The folder of the store to write. */
  readonly out: string;
  /** Default: by extension. */
  readonly format?: InterchangeFormat;
  /** A file with one label a row: see `readLabels`. For any format; it replaces a label column. */
  readonly labels?: string;
  /** Columns of a table; where not given, "id", "label", "group" and "weight" are taken if they are there. */
  readonly id?: string;
  readonly label?: string;
  readonly group?: string;
  readonly weight?: string;
  /** The column of lists, or the tensor; default: the only one, else all other columns of a table. */
  readonly embedding?: string;
  /** Columns of a table that hold categories as numbers, or more than 64 words; columns of few words are found without it. */
  readonly categorical?: readonly string[];
  /** What stands between the labels of a row that may have any number of them: `;` in what `exportEmbeddings` writes. Default: one label a row. */
  readonly labelSeparator?: string;
  /** The class table, in order; required to name class ids. Default: the sorted labels. */
  readonly classNames?: readonly string[];
  readonly modality?: Modality;
  readonly dtype?: Dtype;
  readonly shardRows?: number;
  readonly overwrite?: boolean;
  readonly delimiter?: ReadCsvOptions['delimiter'];
}

const KNOWN_OPTIONS = [
  'out',
  'format',
  'labels',
  'id',
  'label',
  'group',
  'weight',
  'embedding',
  'categorical',
  'labelSeparator',
  'classNames',
  'modality',
  'dtype',
  'shardRows',
  'overwrite',
  'delimiter',
];

/** Rows of numbers and what came with them. */
interface Imported extends Partial<LabelColumns> {
  readonly data: Float32Array;
  readonly rows: number;
  readonly cols: number;
  readonly columns?: readonly Column[];
  readonly sources?: readonly string[];
}

export function formatOf(path: string, format: string | undefined): InterchangeFormat {
  if (format !== undefined) {
    if (!(interchangeFormats as readonly string[]).includes(format))
      throw unknownName('format', format, interchangeFormats);
    return format as InterchangeFormat;
  }
  const extension = extname(path.toLowerCase().replace(/\.gz$/, '')).slice(1);
  const aliases: Record<string, InterchangeFormat> = { tsv: 'csv', feather: 'arrow', ipc: 'arrow', pq: 'parquet' };
  const found = aliases[extension] ?? interchangeFormats.find((known) => known === extension);
  if (!found) throw expected(`a file named .${interchangeFormats.join(', .')}, or the option format`, 'import', path);
  return found;
}

/** Options that a format has no use for are refused, not ignored. */
function refuse(format: string, options: ImportOptions, names: readonly (keyof ImportOptions)[]): void {
  for (const name of names)
    if (options[name] !== undefined)
      throw new EquipoiseError('ERR_OPTION', `Option import.${name} has no meaning for ${format}. Leave it out`);
}

function matrixShape(path: string, shape: readonly number[]): { rows: number; cols: number } {
  const [rows = 0, cols = 0] = shape;
  if (shape.length === 2 && rows > 0 && cols > 0) return { rows, cols };
  throw new EquipoiseError(
    'ERR_DATA',
    `Expected (rows, columns) numbers in ${path} but its shape is (${shape.join(', ')})`,
  );
}

async function importNpy(path: string): Promise<Imported> {
  const { data, shape } = await readNpy(path);
  if (!(data instanceof Float32Array)) throw new EquipoiseError('ERR_DATA', `${path} holds text, not embeddings`);
  return { data, ...matrixShape(path, shape) };
}

const textOf = (array: NpyArray | undefined): string[] | undefined =>
  array && Array.from<string | number, string>(array.data, String);

/** Arrays have no other way to say "none" than "" and NaN. */
const orNone = <T extends string | number>(value: T): T | null => (value === '' || Number.isNaN(value) ? null : value);

/** The names that people give to arrays, ours first. */
const npzNames = ['embeddings', 'embedding', 'features', 'X', 'x', 'data', 'arr_0'];

async function importNpz(path: string, options: ImportOptions): Promise<Imported> {
  const file = await readNpz(path);
  const [only] = file.names;
  const name =
    options.embedding ??
    npzNames.find((known) => file.names.includes(known)) ??
    (file.names.length === 1 ? only : undefined);
  const array = name === undefined ? undefined : await file.read(name);
  if (array === undefined)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected an array ${options.embedding === undefined ? '"embeddings"' : JSON.stringify(options.embedding)} in ${path} but it has ${file.names.join(', ') || 'none'}. Name it with the option embedding`,
    );
  if (!(array.data instanceof Float32Array))
    throw new EquipoiseError('ERR_DATA', `Array "${name}" of ${path} holds text, not embeddings`);
  const labels = (await file.read('labels', 'float64')) ?? (await file.read('y', 'float64'));
  const classNames = textOf(await file.read('class_names'));
  const ids = textOf(await file.read('ids', 'float64'));
  const groups = textOf(await file.read('groups', 'float64'));
  const weights = await file.read('weights', 'float64');
  if (Array.isArray(weights?.data)) throw new EquipoiseError('ERR_DATA', `Array "weights" of ${path} holds text`);
  return {
    data: array.data,
    ...matrixShape(path, array.shape),
    ...(labels && { labels: Array.from<string | number>(labels.data) }),
    ...(classNames && { classNames }),
    ...(ids && { ids }),
    ...(groups && { groups: groups.map(orNone) }),
    ...(weights && { weights: Array.from(weights.data as Float64Array, orNone) }),
  };
}

function parseNames(path: string, key: string, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const names: unknown = JSON.parse(text);
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  } catch {
    // Told below, with what it should have been.
  }
  throw new EquipoiseError('ERR_DATA', `Expected a JSON list of text in the metadata "${key}" of ${path}`);
}

async function importSafetensors(path: string, options: ImportOptions): Promise<Imported> {
  const file = await readSafetensors(path);
  const matrices = file.tensors.filter(({ shape, dtype }) => shape.length === 2 && /F/.test(dtype));
  const named = file.tensors.find(({ name }) => name === 'embeddings');
  const name = options.embedding ?? named?.name ?? (matrices.length === 1 ? matrices[0]?.name : undefined);
  if (name === undefined)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a tensor "embeddings" in ${path} but it has ${file.tensors.map((t) => t.name).join(', ') || 'none'}. Name it with the option embedding`,
    );
  const { data, shape } = await file.read(name);
  const classNames = parseNames(path, 'classNames', file.metadata['classNames']);
  const ids = parseNames(path, 'ids', file.metadata['ids']);
  const hasLabels = file.tensors.some((tensor) => tensor.name === 'labels');
  const labels = hasLabels ? Array.from((await file.read('labels', 'float64')).data) : undefined;
  const groups = parseNames(path, 'groups', file.metadata['groups']);
  const hasWeights = name !== 'weights' && file.tensors.some((tensor) => tensor.name === 'weights');
  const weights = hasWeights ? Array.from((await file.read('weights', 'float64')).data) : undefined;
  return {
    data: data as Float32Array,
    ...matrixShape(path, shape),
    ...(labels && { labels }),
    ...(classNames && { classNames }),
    ...(ids && { ids }),
    ...(groups && { groups: groups.map(orNone) }),
    ...(weights && { weights: weights.map(orNone) }),
  };
}

/** Columns side by side; e0, e1, … are an embedding of ours and not columns with a meaning. */
function gatherColumns(
  table: ForeignTable,
  path: string,
  names: readonly string[],
  categorical: readonly string[],
): Imported {
  const strange = categorical.find((name) => !names.includes(name));
  if (strange !== undefined) throw unknownName('column', strange, names, 'columns for import.categorical');
  if (names.length === 0)
    throw new EquipoiseError('ERR_DATA', `Expected a column of lists or columns of numbers in ${path} but found none`);
  const features = names.map((name): Feature => {
    const kind = table.kindOf(name);
    if (kind === 'strings' || categorical.includes(name)) {
      const cells = table.text(name);
      if (categorical.includes(name) || looksCategorical(cells.map((cell) => cell ?? '')))
        return categoryOf(name, cells, table.where);
    }
    if (kind !== 'numbers')
      throw new EquipoiseError(
        'ERR_DATA',
        `Column "${name}" of ${path} holds no numbers, and too many different words for a category. Name it as id, label or group, name it in categorical if it is one all the same, or take it out`,
      );
    const numbers = table.numbers(name);
    const empty = numbers.indexOf(null);
    if (empty >= 0)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected a number in column "${name}" of ${table.where(empty)} but it is empty`,
      );
    return { name, numbers: numbers as number[] };
  });
  const { data, cols, columns } = layOut(table.rows, features);
  const ours = names.every((name, j) => name === `e${j}`);
  return { data, rows: table.rows, cols, ...(!ours && { columns }) };
}

function importTable(table: ForeignTable, path: string, options: ImportOptions): Imported {
  const pick = (role: 'id' | 'label' | 'group' | 'weight' | 'source'): string | undefined => {
    const wanted = role === 'source' ? undefined : options[role];
    if (wanted !== undefined && !table.names.includes(wanted))
      throw new EquipoiseError(
        'ERR_DATA',
        `${path} has no column "${wanted}" for ${role}; it has ${table.names.slice(0, 12).join(', ')}`,
      );
    return wanted ?? (table.names.includes(role) ? role : undefined);
  };
  const [id, label, group, weight, source] = [pick('id'), pick('label'), pick('group'), pick('weight'), pick('source')];
  const rest = table.names.filter((name) => ![id, label, group, weight, source].includes(name));
  const lists = rest.filter((name) => table.kindOf(name) === 'vectors');
  const embedding = options.embedding ?? (lists.length === 1 ? lists[0] : lists.find((name) => name === 'embedding'));
  let numbers: Imported;
  if (embedding === undefined) numbers = gatherColumns(table, path, rest, options.categorical ?? []);
  else {
    refuse('a column of lists', options, ['categorical']);
    const { values, width } = table.vectors(embedding);
    const data = values instanceof Float32Array ? values : fromFloat16(values);
    numbers = { data, ...matrixShape(path, [table.rows, width]) };
  }
  const ids = id === undefined ? undefined : table.text(id);
  const missing = ids?.indexOf(null) ?? -1;
  if (missing >= 0) throw new EquipoiseError('ERR_DATA', `Expected an id in ${table.where(missing)} but it is empty`);
  const sources = source === undefined ? undefined : table.text(source);
  return {
    ...numbers,
    ...(ids && { ids: ids as string[] }),
    ...(label !== undefined && { labels: table.text(label) }),
    ...(group !== undefined && { groups: table.text(group) }),
    ...(weight !== undefined && { weights: table.numbers(weight) }),
    sources: Array.from({ length: table.rows }, (_, i) => sources?.[i] ?? table.where(i)),
  };
}

async function importFile(path: string, format: InterchangeFormat, options: ImportOptions): Promise<Imported> {
  const columns = ['id', 'label', 'group', 'weight'] as const;
  if (format !== 'csv') refuse(format, options, ['delimiter']);
  if (format === 'npy') refuse(format, options, [...columns, 'embedding', 'categorical']);
  if (format === 'safetensors' || format === 'npz') refuse(format, options, [...columns, 'categorical']);
  if (format === 'npy') return importNpy(path);
  if (format === 'npz') return importNpz(path, options);
  if (format === 'safetensors') return importSafetensors(path, options);
  if (format !== 'csv') return importTable(await openForeignTable(path, format), path, options);
  const { delimiter } = options;
  return importTable(await openCsvTable(path, delimiter === undefined ? {} : { delimiter }), path, options);
}

/**
 * Class ids become names by the table; names stay. −1 is how numbers say "no label", unless it is one of the two
 * classes of a set that names them −1 and 1.
 */
function nameLabels(
  path: string,
  labels: readonly (string | number | null)[],
  table: readonly string[] | undefined,
  separator: string | undefined,
): { names: Label[]; classNames: readonly string[] } {
  const signs = table === undefined && labels.includes(1) && labels.every((label) => label === 1 || label === -1);
  const names = labels.map((label, i): Label => {
    if (separator !== undefined)
      return String(label ?? '')
        .split(separator)
        .map((name) => name.trim())
        .filter((name) => name !== '');
    if (typeof label !== 'number') return label === '' ? null : label;
    if (label === -1 && !signs) return null;
    const name = table ? table[label] : String(label);
    if (name === undefined || !Number.isInteger(label))
      throw new EquipoiseError(
        'ERR_DATA',
        `Row ${i} of ${path} has class id ${label}, which is not in the class table of ${table?.length ?? 0}`,
      );
    return name;
  });
  const found = [...new Set(names.flatMap(namesOf))];
  const stray = table && found.find((name) => !table.includes(name));
  if (stray !== undefined)
    throw new EquipoiseError(
      'ERR_DATA',
      `${path} has label ${JSON.stringify(stray)}, which is not among classNames: ${table?.slice(0, 12).join(', ')}`,
    );
  return { names, classNames: table ?? found.sort(compareNames) };
}

/**
 * Makes a store from a file of embeddings: `.npy`, `.npz`, `.csv`, `.safetensors`, `.arrow` (`.feather`) or `.parquet`.
 *
 * Tables give ids, labels, groups and weights by column, and their columns of few words become one column a level; arrays by a file
 * beside them (`labels`). Rows without a label are kept and can get one later (`updateRows`); with `labelSeparator` an empty label is
 * that of a row with none of the classes.
 *
 * @throws ERR_DATA for a damaged file, NaN, ragged rows or repeated ids; ERR_SHAPE for labels of another length;
 *   ERR_OPTION for options that the format has no use for, and as `createStore` for `out`.
 *
 * @example
 * const store = await importEmbeddings('train.npy', { out: 'train.store', labels: 'train.labels.csv' });
 */
export async function importEmbeddings(source: string, options: ImportOptions): Promise<EmbeddingStore> {
  for (const name of Object.keys(options))
    if (!KNOWN_OPTIONS.includes(name))
      throw new EquipoiseError(
        'ERR_OPTION',
        `Unknown option import.${name}. Known options: ${KNOWN_OPTIONS.join(', ')}`,
      );
  const { categorical } = options;
  if (
    categorical !== undefined &&
    !(Array.isArray(categorical) && categorical.every((name) => typeof name === 'string'))
  )
    throw expected('a list of column names', 'import.categorical', categorical);
  if (typeof options.out !== 'string' || options.out === '')
    throw expected('the folder of the store', 'import.out', options.out);
  if (options.labelSeparator === '') throw expected('text between labels', 'import.labelSeparator', '');
  const file = await importFile(source, formatOf(source, options.format), options);
  const beside = options.labels === undefined ? undefined : await readLabels(options.labels);
  const given: Partial<LabelColumns> = { ...file, ...beside };
  for (const [what, values] of Object.entries({
    labels: given.labels,
    ids: given.ids,
    groups: given.groups,
    weights: given.weights,
  }))
    if (values && values.length !== file.rows)
      throw new EquipoiseError(
        'ERR_SHAPE',
        `${options.labels ?? source} has ${values.length} ${what} but ${source} has ${file.rows} rows`,
      );
  const { names, classNames } = nameLabels(
    options.labels ?? source,
    given.labels ?? Array.from({ length: file.rows }, () => null),
    options.classNames ?? given.classNames,
    options.labelSeparator,
  );
  const rows = names.map((label, i): Row => {
    const group = given.groups?.[i] ?? undefined;
    const weight = given.weights?.[i] ?? undefined;
    return {
      id: given.ids?.[i] ?? String(i),
      source: file.sources?.[i] ?? `${source}#${i}`,
      label,
      ...(group !== undefined && { group }),
      ...(weight !== undefined && { weight }),
    };
  });
  const { modality, dtype, shardRows, overwrite } = options;
  return writeStore(
    options.out,
    {
      embeddings: { data: file.data, rows: file.rows, cols: file.cols },
      rows,
      classNames,
      ...(file.columns && { columns: file.columns }),
    },
    {
      ...(modality && { modality }),
      ...(dtype && { dtype }),
      ...(shardRows !== undefined && { shardRows }),
      ...(overwrite !== undefined && { overwrite }),
    },
  );
}
