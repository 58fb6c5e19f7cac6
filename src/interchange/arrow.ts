/** Arrow IPC files and streams of other programs. */

import { ArrowTable, readBytes } from '../store/index.js';
import type { DecodedColumn, DecodedTable } from './foreign-table.js';

function decodeColumn(table: ArrowTable, name: string): DecodedColumn {
  const kind = table.kindOf(name);
  if (kind === 'vectors') return { kind, ...table.vectors(name) };
  if (kind === 'numbers') return { kind, values: table.numbers(name) };
  return kind === 'strings' ? { kind, values: table.strings(name) } : { kind };
}

/** @throws ERR_DATA for a file that is no uncompressed Arrow IPC. */
export async function decodeArrow(path: string): Promise<DecodedTable> {
  const table = new ArrowTable((await readBytes(path)) ?? new Uint8Array(0), path);
  return { rows: table.rows, columns: new Map(table.names.map((name) => [name, decodeColumn(table, name)])) };
}
