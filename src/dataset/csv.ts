/** Tables of text: numbers to classify as they are, texts, or paths of images, one item a row. */

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Column } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { ItemContent, Modality } from '../core/item.js';
import { choice, custom } from '../core/options.js';
import { categoryOf, layOut, readCsv, type Feature } from '../interchange/index.js';
import { assignRoles, categoricalOption, hasHeader, type ColumnName, type Roles, type Table } from './csv-roles.js';
import { defineDatasetFormat } from './format.js';
import { sizeOf } from './image-folder.js';
import { parseNumber, unquote, valuesAsBytes } from './numbers.js';
import { choosePart, labelledOption, partOfName, partOption } from './parts.js';

const extension = /\.(csv|tsv)(\.gz)?$/i;

const column = (help: string) =>
  custom<ColumnName | undefined>({
    accepts: 'a column by name or by index (negative counts from the end)',
    default: undefined,
    help,
    check: (value) => (typeof value === 'string' && value !== '') || Number.isSafeInteger(value),
  });

async function tablesIn(folder: string) {
  const names = (await readdir(folder)).filter((name) => extension.test(name) && !name.startsWith('.')).sort();
  return names.map((name) => ({ name, part: partOfName(name.replace(extension, '')), value: join(folder, name) }));
}

/** What the rows hold, by the roles of their columns. */
interface Content {
  readonly modality: Modality;
  readonly columns?: readonly Column[];
  readonly notes?: readonly string[];
  content(index: number): ItemContent;
  identity(index: number): string | Uint8Array;
}

async function readContent(table: Table, roles: Roles): Promise<Content> {
  const { rows, lines, names, path } = table;
  const where = (index: number, at: number) => `line ${lines[index]}, column "${names[at]}" of ${path}`;
  const cell = (index: number, at: number) => (rows[index] as string[])[at] as string;
  const { text, image, features } = roles;
  if (text !== undefined)
    return {
      modality: 'text',
      content: (index) => ({ kind: 'text', text: cell(index, text) }),
      identity: (index) => cell(index, text),
    };
  if (image !== undefined) {
    const paths = rows.map((_, index) => {
      const relative = cell(index, image).trim();
      if (relative === '')
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected the path of an image in ${where(index, image)} but received an empty cell`,
        );
      return resolve(dirname(path), relative);
    });
    const sizes: number[] = [];
    for (let start = 0; start < paths.length; start += 256)
      sizes.push(...(await Promise.all(paths.slice(start, start + 256).map(sizeOf))));
    return {
      modality: 'image',
      content: (index) => ({ kind: 'image', path: paths[index] as string }),
      identity: (index) => `${cell(index, image)}:${sizes[index]}`,
    };
  }
  if (features.length === 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected columns of numbers beside the label in ${path} but found none. Columns: ${names.join(', ')}`,
    );
  const { data, cols, columns, notes } = layOut(
    rows.length,
    features.map((at): Feature => {
      const name = names[at] as string;
      const cells = rows.map((row) => unquote(row[at] as string));
      if (roles.categories.includes(at)) return categoryOf(name, cells, (index) => where(index, at));
      return { name, numbers: Float32Array.from(cells, (text, index) => parseNumber(text, where(index, at))) };
    }),
  );
  const values = (index: number) => data.subarray(index * cols, (index + 1) * cols);
  return {
    modality: 'table',
    columns,
    notes,
    content: (index) => ({ kind: 'row', values: values(index) }),
    identity: (index) => valuesAsBytes(data, index, cols),
  };
}

export const csv = defineDatasetFormat({
  name: 'csv',
  summary: 'CSV or TSV, plain or gzip: numbers, texts or paths of images with a label column',
  layout: 'a .csv or .tsv file with a label column, or a folder with train.csv and test.csv',
  options: {
    label: column('the label column; by default one called label, class, target, y or category, else the last'),
    text: column(
      'the column of texts; by default one called text, sentence, question, review or content, else the only long one',
    ),
    image: column('the column of image paths, relative to the file; by default one where every value is such a path'),
    group: column('rows of one value of this column never fall on both sides of a split'),
    id: column('the column of unique ids; by default one called id, else the number of the row'),
    categorical: categoricalOption,
    header: choice({ of: ['auto', 'yes', 'no'], default: 'auto', help: 'whether the first row names the columns' }),
    part: partOption,
    labelled: labelledOption,
  },
  async detect(path) {
    if (!(await stat(path)).isDirectory()) return extension.test(path);
    const tables = await tablesIn(path);
    const folders = (await readdir(path, { withFileTypes: true })).some((entry) => entry.isDirectory());
    return tables.some(({ part }) => part !== undefined) || (tables.length === 1 && !folders);
  },
  async open(path, options) {
    const folder = (await stat(path)).isDirectory();
    const tables = folder ? await tablesIn(path) : [];
    if (folder && tables.length === 0)
      throw new EquipoiseError('ERR_DATA', `Expected ${this.layout}, but ${path} has no .csv or .tsv file`);
    if (!folder && options.part !== undefined)
      throw expected('a folder with one table a part', 'csv.part', options.part, `${path} is one file`);
    const chosen = folder ? choosePart(tables, options.part, path) : undefined;
    const file = chosen?.value ?? path;
    if (!options.labelled && options.label !== undefined)
      throw expected('no label column together with labelled: false', 'csv.label', options.label);

    const raw = await readCsv(file);
    const header = options.header === 'auto' ? hasHeader(raw.rows, options) : options.header === 'yes';
    const names = (raw.rows[0] as string[]).map((name, i) => (header && unquote(name)) || `column ${i}`);
    const skip = header ? 1 : 0;
    const table: Table = { path: file, names, header, rows: raw.rows.slice(skip), lines: raw.lines.slice(skip) };
    const { rows, lines } = table;
    if (rows.length === 0)
      throw new EquipoiseError('ERR_DATA', `Expected rows below the header of ${file} but found none`);
    if (names.length === 1)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected at least two columns in ${file}, the label and what to classify, but found only "${names[0]}"${options.labelled ? '' : ' and no number to classify'}. Separate columns by comma, semicolon or tab`,
      );
    const roles = assignRoles(table, options);
    const content = await readContent(table, roles);
    const cell = (index: number, at: number) => unquote((rows[index] as string[])[at] as string);
    const { label, group, id } = roles;
    const unlabelled = label === undefined ? 0 : rows.filter((_, i) => cell(i, label) === '').length;
    for (const [what, at] of [
      ['an id', id],
      ['a group', group],
    ] as const)
      if (at !== undefined)
        rows.forEach((_, i) => {
          if (cell(i, at) === '')
            throw new EquipoiseError(
              'ERR_DATA',
              `Expected ${what} in line ${lines[i]}, column "${names[at]}" of ${file} but received an empty cell`,
            );
        });
    return {
      name: basename(resolve(path)).replace(extension, ''),
      modality: content.modality,
      count: rows.length,
      item: (index) => ({
        id: id === undefined ? String(index) : cell(index, id),
        source: `${file}:${lines[index]}`,
        label: (label !== undefined && cell(index, label)) || null,
        ...(group !== undefined && { group: cell(index, group) }),
        content: content.content(index),
      }),
      identity: content.identity,
      ...(content.columns && { columns: content.columns }),
      notes: [
        ...(chosen?.notes ?? []),
        header ? 'header in the first row' : 'no header',
        ...roles.notes,
        ...(content.notes ?? []),
        ...(unlabelled > 0 ? [`${unlabelled} rows have no label`] : []),
      ],
      ...(chosen && { companions: chosen.companions }),
    };
  },
});
