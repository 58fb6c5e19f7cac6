/** A table in memory → items: numbers to classify as they are, texts, or images by their paths. */

import { dirname, resolve } from 'node:path';
import type { Column } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { ItemContent, Label, Modality } from '../core/item.js';
import { custom } from '../core/options.js';
import { categoryOf, layOut, type Feature } from '../interchange/index.js';
import {
  categoricalOption,
  assignRoles,
  labelColumnsOption,
  usesEmbedded,
  type ColumnName,
  type EmbeddedImages,
  type RoleOptions,
  type Roles,
  type Table,
} from './csv-roles.js';
import type { ItemSource } from './format.js';
import { sizesOf } from './image-folder.js';
import { labelSeparatorOption, splitLabels } from './labels.js';
import { parseNumber, unquote, valuesAsBytes } from './numbers.js';
import { labelledOption } from './parts.js';

const column = (help: string) =>
  custom<ColumnName | undefined>({
    accepts: 'a column by name or by index (negative counts from the end)',
    default: undefined,
    help,
    check: (value) => (typeof value === 'string' && value !== '') || Number.isSafeInteger(value),
  });

/** What every format of tables lets its user say. */
export const tableOptions = {
  label: column('the label column; by default one called label, class, target, y or category, else the last'),
  labelSeparator: labelSeparatorOption,
  labelColumns: labelColumnsOption,
  text: column(
    'the column of texts; by default one called text, sentence, question, review or content, else the only long one',
  ),
  image: column('the column of image paths, relative to the file; by default one where every value is such a path'),
  group: column('rows of one value of this column never fall on both sides of a split'),
  id: column('the column of unique ids; by default one called id, else the number of the row'),
  categorical: categoricalOption,
  labelled: labelledOption,
} as const;

const whereIn =
  ({ names, at }: Table) =>
  (index: number, column: number) =>
    `line ${at(index).line}, column "${names[column]}" of ${at(index).path}`;

/** What the rows hold, by the roles of their columns. */
interface Content {
  readonly modality: Modality;
  readonly columns?: readonly Column[];
  readonly notes?: readonly string[];
  content(index: number): ItemContent | Promise<ItemContent>;
  identity(index: number): string | Uint8Array;
}

const embeddedContent = (images: EmbeddedImages): Content => ({
  modality: 'image',
  content: async (index) => ({ kind: 'encoded-image', bytes: await images.read(index) }),
  identity: (index) => images.identity(index),
});

async function readContent(table: Table, roles: Roles): Promise<Content> {
  const { rows, names, path } = table;
  const where = whereIn(table);
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
      return resolve(dirname(table.at(index).path), relative);
    });
    const sizes = await sizesOf(paths);
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
  return {
    modality: 'table',
    columns,
    notes,
    content: (index) => ({ kind: 'row', values: data.subarray(index * cols, (index + 1) * cols) }),
    identity: (index) => valuesAsBytes(data, index, cols),
  };
}

/** @throws ERR_DATA naming line and column of what is no label, or neither 0 nor 1. */
function labelOf(table: Table, roles: Roles, separator: string | undefined, row: number): Label {
  const { rows, names } = table;
  const { label, labelColumns, lists } = roles;
  const cell = (at: number) => unquote((rows[row] as string[])[at] as string);
  if (lists) return lists.read(row);
  if (labelColumns)
    return labelColumns
      .filter((at) => {
        const text = cell(at).toLowerCase();
        if (text !== '' && [0, 1].includes(Number(text))) return Number(text) === 1;
        if (text === 'true' || text === 'false') return text === 'true';
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected 1 or 0 (does the item have ${JSON.stringify(names[at])}?) in ${whereIn(table)(row, at)} but received ${JSON.stringify(cell(at))}`,
        );
      })
      .map((at) => names[at] as string);
  if (label === undefined) return null;
  return separator === undefined
    ? cell(label) || null
    : splitLabels(cell(label), separator, whereIn(table)(row, label));
}

/**
 * The items of a table, but for the name of the whole.
 * @throws ERR_DATA naming line and column of what is wrong.
 */
export async function sourceOfTable(table: Table, options: RoleOptions): Promise<Omit<ItemSource, 'name'>> {
  const { path, names, rows } = table;
  for (const name of ['label', 'labelSeparator', 'labelColumns'] as const)
    if (!options.labelled && options[name] !== undefined)
      throw expected('no label column together with labelled: false', `openDataset.${name}`, options[name]);
  if (rows.length === 0)
    throw new EquipoiseError('ERR_DATA', `Expected rows below the header of ${path} but found none`);
  if (names.length === 1 && table.images === undefined && (table.lists ?? []).length === 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected at least two columns in ${path}, the label and what to classify, but found only "${names[0]}"${options.labelled ? '' : ' and no number to classify'}. Separate columns by comma, semicolon or tab`,
    );
  const roles = assignRoles(table, options);
  const { modality, columns, notes, content, identity } =
    table.images && usesEmbedded(table, options) ? embeddedContent(table.images) : await readContent(table, roles);
  const cell = (index: number, at: number) => unquote((rows[index] as string[])[at] as string);
  const { group, id } = roles;
  const labels = rows.map((_, index) => labelOf(table, roles, options.labelSeparator, index));
  const isRead = roles.label !== undefined || roles.lists !== undefined;
  const unlabelled = isRead ? labels.filter((label) => label === null).length : 0;
  for (const [what, at] of [
    ['an id', id],
    ['a group', group],
  ] as const)
    if (at !== undefined)
      rows.forEach((_, i) => {
        if (cell(i, at) === '')
          throw new EquipoiseError(
            'ERR_DATA',
            `Expected ${what} in ${whereIn(table)(i, at)} but received an empty cell`,
          );
      });
  return {
    modality,
    count: rows.length,
    item: (index) => ({
      id: id === undefined ? String(index) : cell(index, id),
      source: `${table.at(index).path}:${table.at(index).line}`,
      label: labels[index] ?? null,
      ...(group !== undefined && { group: cell(index, group) }),
    }),
    content,
    identity,
    ...(columns && { columns }),
    notes: [...roles.notes, ...(notes ?? []), ...(unlabelled > 0 ? [`${unlabelled} rows have no label`] : [])],
  };
}
