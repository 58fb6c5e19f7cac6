/** A CSV file with a header, as a table of typed columns; and the way back. */

import { EquipoiseError } from '../core/errors.js';
import { readCsv, type ReadCsvOptions } from './csv.js';
import type { ForeignTable } from './foreign-table.js';

/** Text that is a number and nothing else; empty text and hexadecimal are not. */
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

/** Whether a row of names has numbers that no header has; 0, 1, 2, … are the names of columns that have none. */
function holdsNumbers(names: readonly string[]): boolean {
  const numbers = names.filter((name) => NUMBER.test(name)).map(Number);
  return numbers.some((number, i) => number !== (numbers[0] === 1 ? 1 : 0) + i);
}

/** @throws ERR_DATA as `readCsv`, and where the first row is no header or repeats a name. */
export async function openCsvTable(path: string, options: ReadCsvOptions): Promise<ForeignTable> {
  const { rows: all, lines } = await readCsv(path, options);
  const [names = [], ...rows] = all;
  if (holdsNumbers(names))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected the names of the columns in line ${lines[0]} of ${path} but found numbers: ${names.slice(0, 4).join(', ')}. Put a line of names in front`,
    );
  if (new Set(names).size !== names.length)
    throw new EquipoiseError('ERR_DATA', `The header of ${path} repeats a name: ${names.join(', ')}`);
  const where = (row: number): string => `${path}:${lines[row + 1]}`;
  const column = (name: string): string[] => {
    const at = names.indexOf(name);
    if (at < 0)
      throw new EquipoiseError('ERR_DATA', `${path} has no column "${name}"; it has ${names.slice(0, 12).join(', ')}`);
    return rows.map((row) => row[at] as string);
  };
  const first = rows[0] ?? [];
  return {
    rows: rows.length,
    names,
    where,
    // By the first row: a stray word in a column of numbers is then an error with its line, not a column of text.
    kindOf: (name) => (NUMBER.test(first[names.indexOf(name)] ?? '') ? 'numbers' : 'strings'),
    text: (name) => column(name).map((text) => (text === '' ? null : text)),
    numbers: (name) =>
      column(name).map((text, row) => {
        if (text === '') return null;
        if (NUMBER.test(text)) return Number(text);
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected a number in column "${name}" of ${where(row)} but found ${JSON.stringify(text)}`,
        );
      }),
    vectors: (name) => {
      throw new EquipoiseError('ERR_DATA', `Column "${name}" of ${path} is one number a row, not a list`);
    },
  };
}

/** One line of fields, quoted where they must be. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\n`;
}
