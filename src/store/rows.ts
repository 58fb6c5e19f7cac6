/** `rows.arrow`: what is known of each row besides its embedding, in the order of the shards. */

import { join } from 'node:path';
import { EquipoiseError } from '../core/errors.js';
import type { Label } from '../core/item.js';
import { ArrowTable, encodeArrow, type ColumnData } from './arrow-table.js';
import { readBytes, writeAtomically } from './files.js';

export const ROWS = 'rows.arrow';

export interface Row {
  readonly id: string;
  readonly source: string;
  /** Class name, or those of a row that may have any number of them; null for a row that has no label yet. */
  readonly label: Label;
  readonly group?: string;
  readonly weight?: number;
}

/** Text, or lists of text where rows may have any number of labels. @throws ERR_DATA for a mixture. */
export function labelColumn(rows: readonly Row[]): ColumnData {
  const labels = rows.map(({ label }) => label);
  const isText = (label: Label): label is string | null => label === null || typeof label === 'string';
  if (labels.every(isText)) return { kind: 'utf8', values: labels, nullable: true };
  const stray = labels.findIndex((label) => typeof label === 'string');
  if (stray >= 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a list of labels for row ${JSON.stringify(rows[stray]?.id)}, as other rows have, but received ${JSON.stringify(labels[stray])}`,
    );
  return { kind: 'utf8-list', values: labels as readonly (readonly string[] | null)[] };
}

export async function writeRows(dir: string, rows: readonly Row[]): Promise<void> {
  const columns: Record<string, ColumnData> = {
    id: { kind: 'utf8', values: rows.map((row) => row.id) },
    source: { kind: 'utf8', values: rows.map((row) => row.source) },
    label: labelColumn(rows),
  };
  if (rows.some((row) => row.group !== undefined))
    columns['group'] = { kind: 'utf8', values: rows.map((row) => row.group ?? null), nullable: true };
  if (rows.some((row) => row.weight !== undefined))
    columns['weight'] = { kind: 'float32', values: rows.map((row) => row.weight ?? null) };
  await writeAtomically(join(dir, ROWS), encodeArrow(rows.length, columns));
}

/** @throws ERR_INTEGRITY when the file is missing, ERR_DATA when it is not such a table. */
export async function readRowTable(dir: string): Promise<ArrowTable> {
  const path = join(dir, ROWS);
  const bytes = await readBytes(path);
  if (!bytes) throw new EquipoiseError('ERR_INTEGRITY', `${path} is missing. Restore it, or make the store again`);
  return new ArrowTable(bytes, path);
}

/** The label of each row of `rows.arrow`. */
export function labelsIn(table: ArrowTable): readonly Label[] {
  return table.kindOf('label') === 'strings' ? table.strings('label') : table.stringLists('label');
}

export function rowsOf(table: ArrowTable): Row[] {
  const ids = table.strings('id');
  const sources = table.strings('source');
  const labels = labelsIn(table);
  const groups = table.has('group') ? table.strings('group') : [];
  const weights = table.has('weight') ? table.numbers('weight') : [];
  return ids.map((id, i) => ({
    id: id ?? '',
    source: sources[i] ?? '',
    label: labels[i] ?? null,
    ...(typeof groups[i] === 'string' && { group: groups[i] }),
    ...(typeof weights[i] === 'number' && { weight: weights[i] }),
  }));
}
