/** Arrow IPC files and streams of other programs, as tables. */

import { EquipoiseError } from '../core/errors.js';
import { ArrowTable, readBytes } from '../store/index.js';
import type { ForeignTable } from './foreign-table.js';

/** @throws ERR_DATA for a file that is missing or no uncompressed Arrow IPC. */
export async function openArrowTable(path: string): Promise<ForeignTable> {
  const bytes = await readBytes(path);
  if (!bytes) throw new EquipoiseError('ERR_DATA', `Expected a readable file at ${path} but there is none`);
  const table = new ArrowTable(bytes, path);
  return {
    rows: table.rows,
    names: table.names,
    where: (row) => `${path}#${row}`,
    kindOf: (name) => table.kindOf(name),
    strings: (name) => table.strings(name),
    numbers: (name) => table.numbers(name),
    vectors: (name) => table.vectors(name),
  };
}
