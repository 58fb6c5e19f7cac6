/** Columns of a table side by side: numbers as they are, a category as one column a level. */

import { compareNames, type Column } from '../core/embedding-set.js';
import { EquipoiseError, show } from '../core/errors.js';

/** One column of a table: its numbers, or the words of a category, one a row. */
export type Feature =
  | { readonly name: string; readonly numbers: ArrayLike<number> }
  | { readonly name: string; readonly words: readonly string[] };

export interface Features {
  /** (rows, cols). */
  readonly data: Float32Array;
  readonly cols: number;
  readonly columns: readonly Column[];
  /** What was made of which categories, for the user to read; empty without any. */
  readonly notes: readonly string[];
}

/** More levels are most likely names or texts; a person may still call them a category. */
const mostLevels = 64;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** One spelling a level: 1.0 of one file is 1 of another. */
const levelOf = (cell: string): string => (NUMBER.test(cell.trim()) ? String(Number(cell)) : cell.trim());

/** Whether a column can only be a category: words alone, few of them, each twice on average or more often. */
export function looksCategorical(cells: readonly string[]): boolean {
  const levels = new Set<string>();
  for (const cell of cells) {
    if (NUMBER.test(cell.trim())) return false;
    levels.add(cell.trim());
    if (levels.size > mostLevels) return false;
  }
  return levels.size * 2 <= cells.length;
}

/** @throws ERR_DATA for an empty cell, named by `where`. */
export function categoryOf(name: string, cells: readonly (string | null)[], where: (row: number) => string): Feature {
  const words = cells.map((cell, row) => {
    const level = levelOf(cell ?? '');
    if (level === '')
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected a level of the category ${show(name)} in ${where(row)} but received an empty cell. Fill it in (a word for "unknown" is a level as well), or remove the row`,
      );
    return level;
  });
  return { name, words };
}

/** Lays the columns out; levels are in the order of class names, whichever comes first in the file. */
export function layOut(rows: number, features: readonly Feature[]): Features {
  const laid = features.map((feature) => {
    if ('numbers' in feature) return { feature, columns: [{ name: feature.name, kind: 'numeric' } as const] };
    const { name, words } = feature;
    const levels = [...new Set(words)].sort(compareNames);
    const columns = levels.map((level): Column => ({ name: `${name}=${level}`, kind: 'one-hot', source: name, level }));
    return { feature, columns, places: new Map(levels.map((level, at) => [level, at])) };
  });
  const columns: Column[] = laid.flatMap((one) => one.columns);
  const cols = columns.length;
  const data = new Float32Array(rows * cols);
  let start = 0;
  for (const { feature, columns: own, places } of laid) {
    for (let row = 0, at = start; row < rows; row++, at += cols)
      if ('numbers' in feature) data[at] = feature.numbers[row] as number;
      else data[at + (places?.get(feature.words[row] as string) as number)] = 1;
    start += own.length;
  }
  const categories = laid.filter(({ places }) => places);
  return {
    data,
    cols,
    columns,
    notes:
      categories.length === 0
        ? []
        : [
            `categorical columns, one-hot: ${categories.map(({ feature, columns: own }) => `${feature.name} (${own.length} levels)`).join(', ')}`,
          ],
  };
}
