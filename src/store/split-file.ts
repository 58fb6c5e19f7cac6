/** `splits/<name>.arrow`: which part each row is in. Splitting again touches no shard. */

import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Part } from '../core/embedding-set.js';
import { EquipoiseError, expected, unknownName } from '../core/errors.js';
import { ArrowTable, encodeArrow } from './arrow-table.js';
import { readBytes, writeAtomically } from './files.js';

export const SPLITS = 'splits';
export const PARTS = ['train', 'validation', 'test'] as const satisfies readonly Part[];

export interface Split {
  readonly name: string;
  /** Null for a split that was given, not drawn. */
  readonly seed: number | null;
  /** How it was made: fractions, the column of groups, … */
  readonly settings: Readonly<Record<string, unknown>>;
  /** By row id; rows without an entry are in no part. */
  readonly parts: ReadonlyMap<string, Part>;
}

function pathOf(dir: string, name: string): string {
  // Names become file names, so they may not be paths.
  if (typeof name !== 'string' || !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name))
    throw expected('a name of letters, digits, ".", "_" and "-"', 'the split', name);
  return join(dir, SPLITS, `${name}.arrow`);
}

export function splitNames(dir: string): string[] {
  let names: string[];
  try {
    names = readdirSync(join(dir, SPLITS));
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.arrow') && !name.startsWith('.'))
    .map((name) => name.slice(0, -'.arrow'.length))
    .sort();
}

/** Rows in the order of the store. @throws ERR_OPTION when another split of that name is there and `overwrite` is not set. */
export async function writeSplitFile(
  dir: string,
  { name, seed, settings, parts }: Split,
  ids: readonly string[],
  overwrite: boolean,
): Promise<void> {
  const path = pathOf(dir, name);
  const members = ids.filter((id) => parts.has(id));
  const chunks: Uint8Array[] = [];
  const content = encodeArrow(
    members.length,
    {
      id: { kind: 'utf8', values: members },
      part: { kind: 'utf8', values: members.map((id) => parts.get(id) as Part) },
    },
    { ...(seed !== null && { seed: String(seed) }), settings: JSON.stringify(settings) },
  );
  for await (const chunk of content) chunks.push(chunk);
  const before = await readBytes(path);
  if (before && Buffer.concat(chunks).equals(before)) return;
  if (before && !overwrite)
    throw new EquipoiseError(
      'ERR_OPTION',
      `${dir} has another split named "${name}", which earlier results rest on. Choose another name, or pass overwrite`,
    );
  await mkdir(join(dir, SPLITS), { recursive: true });
  await writeAtomically(path, chunks);
}

/** @throws ERR_OPTION for a name that is not there, ERR_DATA for a file that is no split. */
export async function readSplitFile(dir: string, name: string): Promise<Split> {
  const path = pathOf(dir, name);
  const bytes = await readBytes(path);
  if (!bytes) throw unknownName('split', name, splitNames(dir));
  const table = new ArrowTable(bytes, path);
  const ids = table.strings('id');
  const parts = new Map<string, Part>();
  for (const [i, part] of table.strings('part').entries()) {
    const id = ids[i];
    if (typeof id !== 'string' || !PARTS.includes(part as Part) || parts.has(id))
      throw new EquipoiseError(
        'ERR_DATA',
        `${path} should have an id of its own and one of ${PARTS.join(', ')} in each row, but row ${i} has ${id} and ${part}`,
      );
    parts.set(id, part as Part);
  }
  const settings: unknown = JSON.parse(table.metadata.get('settings') ?? '{}');
  const seed = table.metadata.get('seed');
  return { name, seed: seed === undefined ? null : Number(seed), settings: settings as Split['settings'], parts };
}
