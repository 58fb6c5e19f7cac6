/** Cells of a table as numbers. */

import { endianness } from 'node:os';
import { EquipoiseError } from '../core/errors.js';

const numeric = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const missing = /^(|\?|<null>|null|none|na|n\/a|[+-]?nan)$/i;

/** Without surrounding blanks and one pair of quotes around the whole. */
export function unquote(cell: string): string {
  const text = cell.trim();
  return /^'[^']*'$|^"[^"]*"$/.test(text) ? text.slice(1, -1).trim() : text;
}

export function isNumeric(cell: string): boolean {
  return numeric.test(unquote(cell));
}

/** @throws ERR_DATA naming the place and the value unless the cell is a number that float32 can hold. */
export function parseNumber(cell: string, where: string): number {
  const text = unquote(cell);
  const value = numeric.test(text) ? Math.fround(Number(text)) : NaN;
  if (Number.isFinite(value)) return value;
  const [got, advice] = missing.test(text)
    ? [text === '' ? 'an empty cell' : `the missing value ${JSON.stringify(text)}`, 'Fill it in, or remove the row']
    : numeric.test(text)
      ? [text, 'It is beyond the range of float32; scale the column']
      : [JSON.stringify(text), 'Repair or remove the row; if the column holds categories, name it in categorical'];
  throw new EquipoiseError('ERR_DATA', `Expected a number in ${where} but received ${got}. ${advice}`);
}

/** Row `index` of a dense table as bytes, for fingerprints: the same on machines of either byte order. */
export function valuesAsBytes(values: Float32Array, index: number, columns: number): Uint8Array {
  const row = Buffer.from(values.buffer, values.byteOffset + index * columns * 4, columns * 4);
  return endianness() === 'LE' ? row : Buffer.from(row).swap32();
}
