/** `provenance.arrow`: what each synthetic row of a resampled store was made of. */

import { join } from 'node:path';
import { ArrowTable, encodeArrow, type ColumnData } from './arrow-table.js';
import { readBytes, writeAtomically } from './files.js';

export const PROVENANCE = 'provenance.arrow';

/** Row `id` is `base + step · (other − base)`, or was made of `parents` in a way no such recipe tells. */
export interface Provenance {
  readonly id: string;
  readonly base: string | null;
  readonly other: string | null;
  readonly step: number | null;
  /** Second class of a soft label, with `labelWeight` the share of the row's own label. */
  readonly otherLabel?: string;
  readonly labelWeight?: number;
  readonly parents?: readonly string[];
}

export async function writeProvenance(dir: string, rows: readonly Provenance[]): Promise<void> {
  const columns: Record<string, ColumnData> = {
    id: { kind: 'utf8', values: rows.map((row) => row.id) },
    base: { kind: 'utf8', values: rows.map((row) => row.base), nullable: true },
    other: { kind: 'utf8', values: rows.map((row) => row.other), nullable: true },
    step: { kind: 'float32', values: rows.map((row) => row.step) },
  };
  if (rows.some((row) => row.otherLabel !== undefined)) {
    columns['otherLabel'] = { kind: 'utf8', values: rows.map((row) => row.otherLabel ?? null), nullable: true };
    columns['labelWeight'] = { kind: 'float32', values: rows.map((row) => row.labelWeight ?? null) };
  }
  if (rows.some((row) => row.parents !== undefined))
    columns['parents'] = { kind: 'utf8-list', values: rows.map((row) => row.parents ?? null) };
  await writeAtomically(join(dir, PROVENANCE), encodeArrow(rows.length, columns));
}

/** Empty for a store without synthetic rows. */
export async function readProvenance(dir: string): Promise<Provenance[]> {
  const path = join(dir, PROVENANCE);
  const bytes = await readBytes(path);
  if (!bytes) return [];
  const table = new ArrowTable(bytes, path);
  const bases = table.strings('base');
  const others = table.strings('other');
  const steps = table.numbers('step');
  const otherLabels = table.has('otherLabel') ? table.strings('otherLabel') : [];
  const labelWeights = table.has('labelWeight') ? table.numbers('labelWeight') : [];
  const parents = table.has('parents') ? table.stringLists('parents') : [];
  return table.strings('id').map((id, i) => ({
    id: id ?? '',
    base: bases[i] ?? null,
    other: others[i] ?? null,
    step: steps[i] ?? null,
    ...(typeof otherLabels[i] === 'string' && { otherLabel: otherLabels[i] }),
    ...(typeof labelWeights[i] === 'number' && { labelWeight: labelWeights[i] }),
    ...(parents[i] && { parents: parents[i] }),
  }));
}
