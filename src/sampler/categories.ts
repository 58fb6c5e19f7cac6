/** Which columns of a set are categories: one-hot groups that the set declares, or columns of codes that the caller names. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError, expected, show, unknownName } from '../core/errors.js';
import { dense } from '../core/matrix.js';
import { custom } from '../core/options.js';

/** One categorical variable. */
export interface Category {
  readonly name: string;
  /** The columns that hold it: one of codes, or one a level. */
  readonly columns: readonly number[];
  /** By row: which of `levels` it has. Whatever the numbers in the columns are, equal numbers are the same level. */
  readonly codes: Int32Array;
  readonly levels: number;
}

export interface Categories {
  readonly numeric: readonly number[];
  readonly categories: readonly Category[];
}

/** Column names, column numbers (from 0), 'all' of them, or what the set itself declares. */
export type CategoricalColumns = 'declared' | 'all' | readonly (string | number)[];

export const categoricalRule = custom<CategoricalColumns>({
  accepts: "'declared', 'all' or a list of column names or numbers (from 0)",
  default: 'declared',
  help: 'columns that hold categories as codes, besides the one-hot groups that the set declares; all: every column; a column that is left out is interpolated as a number, one too many has no values between those that occur',
  check: (value) =>
    value === 'declared' ||
    value === 'all' ||
    (Array.isArray(value) &&
      value.length > 0 &&
      value.every((column) => typeof column === 'string' || (Number.isSafeInteger(column) && column >= 0))),
});

/** The table of distances between levels has their square for its size; a column with so many is a number, or an id. */
const mostLevels = 4096;

/** Numbers the different values of some columns by first occurrence. */
function encode(data: Float32Array, cols: number, rows: number, columns: readonly number[]) {
  const known = new Map<string | number, number>();
  const codes = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const values = columns.map((column) => data[i * cols + column] as number);
    const key = values.length === 1 ? (values[0] as number) : values.join(' ');
    const code = known.get(key) ?? known.size;
    known.set(key, code);
    codes[i] = code;
  }
  return { codes, levels: known.size };
}

/** The columns of the option, as numbers. */
function named(set: EmbeddingSet, given: CategoricalColumns, cols: number, owner: string): Set<number> {
  if (given === 'declared') return new Set();
  if (given === 'all') return new Set(Array.from({ length: cols }, (_, j) => j));
  const names = set.columns?.map(({ name }) => name) ?? [];
  return new Set(
    given.map((column, i) => {
      if (typeof column === 'string') {
        const at = names.indexOf(column);
        if (at < 0) throw unknownName('column', column, names, 'columns');
        return at;
      }
      if (column >= cols) throw expected(`a column from 0 to ${cols - 1}`, `${owner}[${i}]`, column);
      return column;
    }),
  );
}

/**
 * Reads the categories of a set.
 *
 * @param owner names the option in messages: `smote-nc.categorical`.
 * @throws ERR_OPTION for unknown columns, ERR_DATA where there are no categories or one has more than 4096 levels.
 */
export function readCategories(set: EmbeddingSet, given: CategoricalColumns, owner: string): Categories {
  const { data, rows, cols } = dense(set.embeddings);
  const asked = named(set, given, cols, owner);
  const groups = new Map<string, { name: string; columns: number[] }>();
  const numeric: number[] = [];
  for (let j = 0; j < cols; j++) {
    const column = set.columns?.[j];
    const name = column?.name ?? `column ${j}`;
    if (column?.kind !== 'one-hot') {
      if (asked.has(j)) groups.set(`code ${j}`, { name, columns: [j] });
      else numeric.push(j);
      continue;
    }
    const source = column.source ?? name;
    const group = groups.get(`one-hot ${source}`) ?? { name: source, columns: [] };
    group.columns.push(j);
    groups.set(`one-hot ${source}`, group);
  }
  if (groups.size === 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected categorical columns for ${owner.split('.')[0]} but none of the ${cols} columns is declared one. Name them in ${owner}, give the set columns of kind one-hot, or use smote`,
    );
  const categories = [...groups.values()].map(({ name, columns }) => ({
    name,
    columns,
    ...encode(data, cols, rows, columns),
  }));
  for (const { name, levels } of categories)
    if (levels > mostLevels)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected at most ${mostLevels} levels for ${show(name)} in ${owner} but it has ${levels}. Is it a number? Then leave it out`,
      );
  return { numeric, categories };
}

/**
 * The position of a voter with the most frequent level; of levels that tie, one drawn by `below`.
 *
 * @param codes levels by row; `voters` are rows.
 */
export function elect(codes: Int32Array, voters: readonly number[], below: (bound: number) => number): number {
  const votes = new Map<number, number>();
  for (const row of voters) votes.set(codes[row] as number, (votes.get(codes[row] as number) ?? 0) + 1);
  const most = Math.max(...votes.values());
  const winners = [...votes.keys()].filter((level) => votes.get(level) === most);
  const winner = winners[winners.length === 1 ? 0 : below(winners.length)];
  return voters.find((row) => codes[row] === winner) as number;
}

/** Copies a variable from one row of the matrix into `row`. */
export function copyCategory(
  { columns }: Category,
  data: Float32Array,
  cols: number,
  from: number,
  row: Float32Array,
): void {
  for (const column of columns) row[column] = data[from * cols + column] as number;
}
