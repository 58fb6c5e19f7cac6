/** What the formats of tables share: one file, a folder with one table a part, a table cut into numbered files. */

import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Part } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { OptionRules, OptionsOf } from '../core/options.js';
import type { RoleOptions, Table } from './csv-roles.js';
import { defineDatasetFormat, type DatasetFormat } from './format.js';
import { choosePart, partOfName, partOption, type Found } from './parts.js';
import { sourceOfTable, tableOptions } from './table.js';

/** A table as its file has it, and what was detected on the way. */
export interface ReadTable {
  readonly table: Table;
  readonly notes: readonly string[];
}

interface TableFormat<R extends OptionRules> {
  readonly name: string;
  readonly summary: string;
  readonly layout: string;
  /** Of file names, packed or not. */
  readonly extension: RegExp;
  readonly options: R;
  read(path: string, options: OptionsOf<typeof tableOptions & R>): Promise<ReadTable>;
}

/** `train-00003-of-00010` is a piece of `train`. */
const piece = /-\d{5}-of-\d{5}$/;

async function tablesIn(folder: string, extension: RegExp): Promise<Found<readonly string[]>[]> {
  const files = (await readdir(folder)).filter((name) => extension.test(name) && !name.startsWith('.')).sort();
  const tables = new Map<string, string[]>();
  for (const file of files) {
    const stem = file.replace(extension, '').replace(piece, '');
    tables.set(stem, [...(tables.get(stem) ?? []), join(folder, file)]);
  }
  return [...tables].map(([stem, value]) => ({
    name: value.length === 1 ? basename(value[0] as string) : `${stem} (${value.length} files)`,
    part: partOfName(stem),
    value,
  }));
}

/** @throws ERR_DATA unless all have the same columns in the same order. */
function joinTables(tables: readonly Table[]): Table {
  const [first, ...rest] = tables as [Table, ...Table[]];
  if (rest.length === 0) return first;
  for (const { path, names } of rest)
    if (names.join('\n') !== first.names.join('\n'))
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected the columns of ${first.path} (${first.names.join(', ')}) in ${path} too but found ${names.join(', ')}`,
      );
  const starts = [0];
  for (const { rows } of tables) starts.push((starts.at(-1) as number) + rows.length);
  const find = (row: number): [Table, number] => {
    const at = starts.findIndex((start) => start > row) - 1;
    return [tables[at] as Table, row - (starts[at] as number)];
  };
  const through =
    <T>(read: (table: Table, row: number) => T) =>
    (row: number): T =>
      read(...find(row));
  const images = first.images;
  const lists = (first.lists ?? []).filter(({ name }) =>
    tables.every((table) => table.lists?.some((one) => one.name === name)),
  );
  return {
    path: first.path,
    names: first.names,
    header: first.header,
    rows: tables.flatMap(({ rows }) => rows),
    at: through((table, row) => table.at(row)),
    lists: lists.map((list) => ({
      name: list.name,
      read: through((table, row) => (table.lists?.find(({ name }) => name === list.name) ?? list).read(row)),
    })),
    ...(images && {
      images: {
        name: images.name,
        read: through(async (table, row) => (table.images ?? images).read(row)),
        identity: through((table, row) => (table.images ?? images).identity(row)),
      },
    }),
  };
}

export function defineTableFormat<R extends OptionRules>(
  format: TableFormat<R>,
): DatasetFormat<typeof tableOptions & R & { part: typeof partOption }> {
  const { name, summary, layout, extension } = format;
  return defineDatasetFormat({
    name,
    summary,
    layout,
    options: { ...tableOptions, ...format.options, part: partOption },
    async detect(path) {
      if (!(await stat(path)).isDirectory()) return extension.test(path);
      const tables = await tablesIn(path, extension);
      const folders = (await readdir(path, { withFileTypes: true })).some((entry) => entry.isDirectory());
      return tables.some(({ part }) => part !== undefined) || (tables.length === 1 && !folders);
    },
    async open(path, given) {
      // The compiler cannot see the shared options through the format's own.
      const options = given as OptionsOf<typeof tableOptions & R> & { part: Part | undefined } & RoleOptions;
      const folder = (await stat(path)).isDirectory();
      const tables = folder ? await tablesIn(path, extension) : [];
      if (folder && tables.length === 0)
        throw new EquipoiseError('ERR_DATA', `Expected ${layout}, but ${path} has no such file`);
      if (!folder && options.part !== undefined)
        throw expected('a folder with one table a part', `${name}.part`, options.part, `${path} is one file`);
      const chosen = folder ? choosePart(tables, options.part, path) : undefined;
      const read: ReadTable[] = [];
      for (const file of chosen?.value ?? [path]) read.push(await format.read(file, options));
      const source = await sourceOfTable(joinTables(read.map(({ table }) => table)), options);
      return {
        ...source,
        name: basename(resolve(path)).replace(extension, ''),
        notes: [...(chosen?.notes ?? []), ...(read[0]?.notes ?? []), ...source.notes],
        ...(chosen && { companions: chosen.companions }),
      };
    },
  });
}
