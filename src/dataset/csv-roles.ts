/** Which column of a table is what: given by name or index, otherwise detected by written rules, and said in notes. */

import { EquipoiseError, expected, nearNames } from '../core/errors.js';
import { custom } from '../core/options.js';
import { looksCategorical } from '../interchange/index.js';
import { isImageName } from './image-folder.js';
import { separated } from './labels.js';
import { isNumeric, unquote } from './numbers.js';

/** A column by name, or by index from 0; negative counts from the end. */
export type ColumnName = string | number;

export const categoricalOption = custom<readonly ColumnName[]>({
  accepts: 'a list of columns by name or by index (negative counts from the end)',
  default: [],
  help: 'columns that hold categories as numbers, or more than 64 different words; each level becomes a column. Columns of few words are found without it',
  check: (value) =>
    Array.isArray(value) &&
    value.every((column) => (typeof column === 'string' && column !== '') || Number.isSafeInteger(column)),
});

export interface Table {
  readonly path: string;
  readonly names: readonly string[];
  readonly header: boolean;
  /** Without the header. */
  readonly rows: readonly string[][];
  /** Where a person finds a row: its file, and its line there (its number in a format without lines). */
  at(row: number): { readonly path: string; readonly line: number };
  /** A column of image files' bytes, beside the cells. */
  readonly images?: EmbeddedImages;
  /** Columns of lists, beside the cells: labels of items that may have any number. */
  readonly lists?: readonly LabelLists[];
}

export interface LabelLists {
  readonly name: string;
  /** Null where nobody has said. @throws ERR_DATA for what is no list of labels. */
  read(row: number): readonly string[] | null;
}

export interface EmbeddedImages {
  readonly name: string;
  read(row: number): Promise<Uint8Array>;
  /** Tells whether the bytes changed, without reading them. */
  identity(row: number): string;
}

/** Whether the table's own images are what to classify. */
export function usesEmbedded({ images }: Table, { text, image }: Pick<RoleOptions, 'text' | 'image'>): boolean {
  return images !== undefined && text === undefined && (image === undefined || image === images.name);
}

export interface RoleOptions {
  readonly label: ColumnName | undefined;
  readonly labelSeparator: string | undefined;
  readonly labelColumns: readonly ColumnName[] | undefined;
  readonly text: ColumnName | undefined;
  readonly image: ColumnName | undefined;
  readonly group: ColumnName | undefined;
  readonly id: ColumnName | undefined;
  readonly categorical: readonly ColumnName[];
  readonly labelled: boolean;
}

export const labelColumnsOption = custom<readonly ColumnName[] | undefined>({
  accepts: 'a list of columns by name or by index (negative counts from the end)',
  default: undefined,
  help: 'items may have any number of labels: these columns hold 1 where an item has the class that the column is called after, else 0',
  check: (value) => categoricalOption.check(value) && (value as readonly unknown[]).length > 0,
});

/** Column indices; `features` are the ones that are nothing else. */
export interface Roles {
  readonly label?: number;
  /** In place of `label`: columns of 1 and 0, one a class, or a column of lists. */
  readonly labelColumns?: readonly number[];
  readonly lists?: LabelLists;
  readonly text?: number;
  readonly image?: number;
  readonly group?: number;
  readonly id?: number;
  readonly features: readonly number[];
  /** Those of `features` that hold categories. */
  readonly categories: readonly number[];
  readonly notes: readonly string[];
}

const roleNames = {
  label: ['label', 'class', 'target', 'y', 'category'],
  text: ['text', 'sentence', 'question', 'review', 'content'],
  id: ['id'],
} as const;
/** What a column of lists of labels is called besides. */
const listNames: readonly string[] = [...roleNames.label, 'labels', 'classes', 'targets', 'categories', 'tags'];
const knownNames: readonly string[] = Object.values(roleNames).flat();

const isIndex = (name: ColumnName) => typeof name === 'number' || /^-?\d+$/.test(name);

/**
 * Whether the first row names the columns. It does when it has a name that an option asks for or that is commonly used
 * for a label, a text or an id; it does not when it has a number; otherwise it does when a column is numbers from the
 * second row on, or when every cell is short and none occurs again in its column.
 */
export function hasHeader(rows: readonly string[][], options: Partial<RoleOptions>): boolean {
  const first = (rows[0] ?? []).map(unquote);
  const { label, labelColumns = [], text, image, group, id, categorical = [] } = options;
  const asked = [label, ...labelColumns, text, image, group, id, ...categorical].filter(
    (name) => typeof name === 'string' && !isIndex(name),
  );
  const body = rows.slice(1);
  const again = (cell: string, at: number) => body.some((row) => unquote(row[at] as string) === cell);
  if (first.some((cell, at) => (asked.includes(cell) || knownNames.includes(cell.toLowerCase())) && !again(cell, at)))
    return true;
  if (first.some(isNumeric)) return false;
  const numbers = first.some((_, at) => body.length > 0 && body.every((row) => isNumeric(row[at] as string)));
  return numbers || first.every((cell, at) => cell.length <= 40 && !again(cell, at));
}

/** @throws ERR_DATA listing the columns, with near names, where there is no such column. */
export function findColumn({ names, path }: Pick<Table, 'names' | 'path'>, wanted: ColumnName, role: string): number {
  const text = String(wanted);
  const exact = names.flatMap((name, at) => (name === text ? [at] : []));
  if (exact.length > 1)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected one column "${text}" for ${role} in ${path} but columns ${exact.join(' and ')} have that name. Give the index`,
    );
  if (exact.length === 1) return exact[0] as number;
  if (isIndex(wanted)) {
    const index = Number(wanted) < 0 ? names.length + Number(wanted) : Number(wanted);
    if (index >= 0 && index < names.length) return index;
  }
  const near = isIndex(wanted) ? [] : nearNames(text, names);
  throw new EquipoiseError(
    'ERR_DATA',
    isIndex(wanted)
      ? `Expected a column from 0 to ${names.length - 1}, or -1 to -${names.length} from the end, for ${role} in ${path} but received ${text}`
      : `Expected a column ${JSON.stringify(text)} for ${role} in ${path} but it has none of that name.${near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ''} Columns: ${names.join(', ')}`,
  );
}

/** The numbers 0, 1, 2, … or 1, 2, 3, … in an unnamed first column: what data frames write in front. */
function isRowNumber({ names, rows, header }: Table): boolean {
  const unnamed = header && (names[0] === 'column 0' || names[0] === 'Unnamed: 0');
  const offset = Number(rows[0]?.[0]);
  return unnamed && (offset === 0 || offset === 1) && rows.every((row, i) => row[0] === String(i + offset));
}

/** Texts rather than labels: more than half have a blank inside or 20 characters, and more than half are different. */
function isLongText({ rows }: Table, at: number): boolean {
  const cells = rows.map((row) => (row[at] as string).trim());
  const long = cells.filter((cell) => cell.length >= 20 || /\s/.test(cell)).length;
  return long * 2 > cells.length && new Set(cells).size * 2 > cells.length;
}

/** The column of lists that the labels are in: the one asked for, else one of a common name where no column of cells has one. */
function findLists({ names, lists = [] }: Table, { label, labelled, labelColumns }: RoleOptions) {
  if (!labelled || labelColumns) return undefined;
  if (label !== undefined) return names.includes(String(label)) ? undefined : lists.find(({ name }) => name === label);
  const known = (name: string) => roleNames.label.some((common) => common === name.toLowerCase());
  if (names.some(known)) return undefined;
  return listNames
    .map((common) => lists.find(({ name }) => name.toLowerCase() === common))
    .find((found) => found !== undefined);
}

/** @throws ERR_OPTION for two ways to say the labels. */
function checkLabelOptions({ label, labelSeparator, labelColumns }: RoleOptions, lists: LabelLists | undefined): void {
  if (labelColumns && (label !== undefined || labelSeparator !== undefined))
    throw expected(
      `no ${label === undefined ? 'labelSeparator' : 'label'} beside labelColumns, which say the labels by themselves,`,
      'openDataset',
      label ?? labelSeparator,
    );
  if (lists && labelSeparator !== undefined)
    throw expected(
      `no separator for column ${JSON.stringify(lists.name)}, whose labels are lists already,`,
      'openDataset.labelSeparator',
      labelSeparator,
    );
}

/** @throws ERR_DATA for a column that is not there, or one asked for in two roles. */
export function assignRoles(table: Table, options: RoleOptions): Roles {
  const { names, rows, header } = table;
  const roles: { label?: number; text?: number; image?: number; group?: number; id?: number } = {};
  const taken = new Map<number, string>();
  const notes: string[] = [];
  const title = (at: number) => `"${names[at]}" (${at + 1} of ${names.length})`;
  const take = (role: 'label' | 'text' | 'image' | 'group' | 'id', at: number) => {
    const other = taken.get(at);
    if (other !== undefined)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected different columns for ${other} and ${role} in ${table.path} but both are ${title(at)}`,
      );
    taken.set(at, role);
    roles[role] = at;
    notes.push(`${role} column ${title(at)}`);
  };
  const free = () => names.map((_, at) => at).filter((at) => !taken.has(at));
  const named = (role: keyof typeof roleNames) =>
    header
      ? roleNames[role]
          .map((name) => free().find((at) => names[at]?.toLowerCase() === name))
          .find((at) => at !== undefined)
      : undefined;
  const mostlyNumbers = (at: number) => rows.filter((row) => isNumeric(row[at] as string)).length * 2 > rows.length;

  const embedded = usesEmbedded(table, options);
  if (embedded) notes.push(`image column "${table.images?.name}" (files inside the table)`);
  const lists = findLists(table, options);
  checkLabelOptions(options, lists);
  for (const role of ['label', 'text', 'image', 'group', 'id'] as const) {
    const wanted = options[role];
    const beside = (embedded && role === 'image') || (lists !== undefined && role === 'label');
    if (wanted !== undefined && !beside) take(role, findColumn(table, wanted, role));
  }
  if (lists) notes.push(`lists of labels in column "${lists.name}"`);
  const unread = (table.lists ?? []).filter((one) => one !== lists).map(({ name }) => name);
  if (unread.length > 0) notes.push(`columns of lists not read: ${unread.join(', ')}`);
  const labelColumns = options.labelColumns?.map((wanted) => findColumn(table, wanted, 'labelColumns'));
  for (const at of labelColumns ?? []) {
    const other = taken.get(at);
    if (other !== undefined)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected columns of their own for labelColumns in ${table.path} but ${title(at)} is ${other} already`,
      );
    taken.set(at, 'a label column');
  }
  if (labelColumns)
    notes.push(`${labelColumns.length} label columns of 1 and 0: ${labelColumns.map((at) => names[at]).join(', ')}`);
  const elsewhere = lists !== undefined || labelColumns !== undefined;
  if (roles.text !== undefined && roles.image !== undefined)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a text column or an image column for ${table.path} but received both`,
    );
  if (roles.id === undefined) {
    const id = named('id');
    if (id !== undefined) take('id', id);
    else if (!taken.has(0) && isRowNumber(table)) take('id', 0);
  }
  if (roles.label === undefined && !elsewhere) {
    const label = named('label');
    if (label !== undefined && options.labelled) take('label', label);
    else if (label !== undefined) {
      taken.set(label, 'a label that is not read');
      notes.push(`column ${title(label)} not read (labelled: false)`);
    }
  }
  if (roles.text === undefined && roles.image === undefined && !embedded) {
    const text = named('text');
    const image = free().find((at) => rows.every((row) => isImageName((row[at] as string).trim())));
    if (text !== undefined && !mostlyNumbers(text)) take('text', text);
    else if (image !== undefined) take('image', image);
    else {
      const long = free().filter((at) => isLongText(table, at));
      // Where a column of numbers is left, the table is one of numbers, and words in it are an error to show.
      const rest = free().filter((at) => !long.includes(at));
      if (long.length === 1 && !rest.some(mostlyNumbers)) take('text', long[0] as number);
    }
  }
  if (options.labelled && roles.label === undefined && !elsewhere) {
    const last = free().at(-1);
    if (last === undefined)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected a label column in ${table.path} but every column has another role`,
      );
    take('label', last);
  }
  if (options.labelSeparator !== undefined) notes.push(separated(options.labelSeparator));
  const features = free();
  const found = { ...roles, ...(lists && { lists }), ...(labelColumns && { labelColumns }) };
  const asked = options.categorical.map((wanted) => findColumn(table, wanted, 'categorical'));
  const other = asked.find((at) => !features.includes(at));
  if (other !== undefined)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected columns of their own for categorical in ${table.path} but ${title(other)} is ${taken.get(other)} already`,
    );
  if ((roles.text ?? roles.image) === undefined && !embedded) {
    const ofWords = (at: number) => looksCategorical(rows.map((row) => unquote(row[at] as string)));
    if (options.labelled)
      return { ...found, features, categories: features.filter((at) => asked.includes(at) || ofWords(at)), notes };
    // Without labels to read, a column of words is most likely the label under a name of its own.
    const words = features.filter((at) => !asked.includes(at) && !rows.some((row) => isNumeric(row[at] as string)));
    if (words.length > 0) notes.push(`columns of words not read: ${words.map((at) => names[at]).join(', ')}`);
    return { ...found, features: features.filter((at) => !words.includes(at)), categories: asked, notes };
  }
  if (asked.length > 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected no categorical columns for ${table.path}: its ${roles.text === undefined ? 'images' : 'texts'} alone are classified`,
    );
  if (features.length > 0) notes.push(`columns not used: ${features.map((at) => names[at]).join(', ')}`);
  return { ...found, features: [], categories: [], notes };
}
