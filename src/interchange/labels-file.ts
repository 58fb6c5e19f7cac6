/** Labels that lie beside an array: one a row, in the order of the rows. */

import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { EquipoiseError, expected } from '../core/errors.js';
import { readCsv } from './csv.js';
import { readNpy } from './npy.js';

export interface LabelColumns {
  /** Class names or, as numbers, class ids. */
  readonly labels: readonly (string | number | null)[];
  readonly ids?: readonly string[];
  readonly groups?: readonly (string | null)[];
  readonly weights?: readonly (number | null)[];
  readonly classNames?: readonly string[];
}

async function readText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\ufeff/, '');
  } catch (error) {
    throw new EquipoiseError('ERR_DATA', `Expected a readable file at ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

const isLabels = (value: unknown): value is (string | number | null)[] =>
  Array.isArray(value) && value.every((label) => label === null || ['string', 'number'].includes(typeof label));

async function readJson(path: string): Promise<LabelColumns> {
  const bad = (): EquipoiseError =>
    new EquipoiseError('ERR_DATA', `Expected [label, …] or { "labels": […], "classNames": […] } in ${path}`);
  let value: unknown;
  try {
    value = JSON.parse(await readText(path));
  } catch (error) {
    throw error instanceof EquipoiseError ? error : bad();
  }
  if (isLabels(value)) return { labels: value };
  const { labels, classNames } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const named = Array.isArray(classNames) && classNames.every((name) => typeof name === 'string');
  if (!isLabels(labels) || (classNames !== undefined && !named)) throw bad();
  return { labels, ...(named && { classNames }) };
}

async function readCsvLabels(path: string): Promise<LabelColumns> {
  const { rows, lines } = await readCsv(path);
  const header = rows[0] ?? [];
  const body = rows.slice(1);
  const at = (name: string): number => header.indexOf(name);
  if (at('label') < 0) {
    if (header.length === 1) return { labels: rows.map((row) => row[0] as string) };
    throw new EquipoiseError('ERR_DATA', `Expected a column "label" in ${path} but it has ${header.join(', ')}`);
  }
  const text = (name: string): (string | null)[] => body.map((row) => row[at(name)] || null);
  const ids = at('id') < 0 ? undefined : body.map((row) => row[at('id')] as string);
  const weights = text('weight').map((weight, i) => {
    if (weight === null || Number.isFinite(Number(weight))) return weight === null ? null : Number(weight);
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a number for weight in ${path}:${lines[i + 1]} but found "${weight}"`,
    );
  });
  return {
    labels: text('label'),
    ...(ids && { ids }),
    ...(at('group') >= 0 && { groups: text('group') }),
    ...(at('weight') >= 0 && { weights }),
  };
}

async function readNpyLabels(path: string): Promise<LabelColumns> {
  const { data, shape } = await readNpy(path, { as: 'float64' });
  if (shape.length !== 1)
    throw new EquipoiseError('ERR_DATA', `Expected one label a row in ${path} but it has shape (${shape.join(', ')})`);
  return { labels: Array.from<string | number>(data) };
}

/**
 * Reads labels by extension: `.npy` of ids or text, `.csv` with a column "label" (and "id", "group", "weight") or of one
 * column, `.txt` with a name a line, `.json` with a list.
 */
export async function readLabels(path: string): Promise<LabelColumns> {
  const extension = extname(path.toLowerCase().replace(/\.gz$/, ''));
  if (extension === '.npy') return readNpyLabels(path);
  if (extension === '.csv' || extension === '.tsv') return readCsvLabels(path);
  if (extension === '.json') return readJson(path);
  if (extension === '.txt') {
    const lines = (await readText(path)).split(/\r\n|\n|\r/);
    if (lines.at(-1) === '') lines.pop();
    return { labels: lines.map((line) => (line === '' ? null : line)) };
  }
  throw expected('a .npy, .csv, .txt or .json file', 'labels', path);
}
