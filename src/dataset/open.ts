/** A path → a dataset, by the format that recognises it. */

import { readdir, stat } from 'node:fs/promises';
import { EquipoiseError } from '../core/errors.js';
import { custom, resolveOptions } from '../core/options.js';
import { lookUp } from '../core/registry.js';
import type { Part } from '../core/embedding-set.js';
import type { ColumnName } from './csv-roles.js';
import { standardInput } from './path-list.js';
import { datasetOf, type DatasetFormat, type OpenedDataset } from './format.js';

export type Formats = Readonly<Record<string, DatasetFormat>>;

export interface OpenDatasetOptions {
  /** Registry key; otherwise the first format that recognises the path. */
  format?: string;
  /** Otherwise the name of the file or folder. */
  name?: string;
  /** At most so many items, evenly spaced over the order, for a quick try. */
  maxItems?: number;
  /** Of a folder with train and test side by side; otherwise train. */
  part?: Part;
  /** False for items without labels, as prediction needs. */
  labelled?: boolean;
  /** Columns of a CSV by name or index; negative counts from the end. */
  label?: ColumnName;
  /** Items may have any number of labels, with this between them; in JSON and Parquet lists say it by themselves. */
  labelSeparator?: string;
  /** Columns of 1 and 0, one a class. */
  labelColumns?: readonly ColumnName[];
  text?: ColumnName;
  image?: ColumnName;
  group?: ColumnName;
  id?: ColumnName;
  /** Columns of a table that hold categories as numbers, or more than 64 different words. */
  categorical?: readonly ColumnName[];
  header?: 'auto' | 'yes' | 'no';
}

const common = {
  name: custom<string | undefined>({
    accepts: 'a name',
    default: undefined,
    help: 'what to call the dataset; by default its file or folder',
    check: (value) => typeof value === 'string' && value !== '',
  }),
  maxItems: custom<number | undefined>({
    accepts: 'integer >= 1',
    default: undefined,
    help: 'at most so many items, evenly spaced over the order',
    check: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  }),
};

async function detectFormat(formats: Formats, path: string): Promise<DatasetFormat> {
  for (const format of Object.values(formats)) if (await format.detect(path)) return format;
  const layouts = Object.values(formats).map(({ layout }) => `- ${layout}`);
  const folder = (await stat(path)).isDirectory();
  const names = folder ? (await readdir(path)).filter((name) => !name.startsWith('.')) : [];
  const found = !folder
    ? 'a file of another kind'
    : names.length === 0
      ? 'an empty folder'
      : `a folder of something else (${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''})`;
  throw new EquipoiseError(
    'ERR_DATA',
    `Expected a dataset at ${path} but found ${found}. Lay it out as one of\n${layouts.join('\n')}`,
  );
}

/** `openDataset` over the formats given; the registry and its documentation are in index.ts. */
export async function openAmong(formats: Formats, path: string, options: OpenDatasetOptions): Promise<OpenedDataset> {
  const { format: wanted, ...rest } = options;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const chosen = wanted === undefined ? undefined : lookUp(formats, 'dataset format', wanted);
  try {
    if (path !== standardInput) await stat(path);
  } catch (error) {
    throw new EquipoiseError('ERR_DATA', `Expected a file or folder at ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const format = chosen ?? (await detectFormat(formats, path));
  const resolved = resolveOptions(format.name, { ...common, ...format.options }, given);
  const { name, maxItems } = resolved;
  return datasetOf(await format.open(path, resolved), format.name, { name, maxItems });
}
