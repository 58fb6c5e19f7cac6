/** Parquet: columns of numbers, texts, paths of images, or the images themselves. */

import { EquipoiseError } from '../core/errors.js';
import { openParquetItems, readParquetImages, type DecodedColumn } from '../interchange/index.js';
import type { EmbeddedImages } from './csv-roles.js';
import { listedLabels } from './labels.js';
import { defineTableFormat } from './table-format.js';

type Items = Awaited<ReturnType<typeof openParquetItems>>;

/** Names of class ids, from the description that the `datasets` library leaves in its files. */
function classNamesOf({ features }: Items): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  try {
    const described: unknown = JSON.parse(features ?? '{}')?.info?.features;
    for (const [column, feature] of Object.entries(described ?? {})) {
      // Of a list the description of its elements lies inside, in one form or the other.
      const { feature: inner, 0: first } = (feature ?? {}) as { feature?: unknown; 0?: unknown };
      const listed: unknown = ((inner ?? first ?? feature) as { names?: unknown } | null)?.names;
      if (Array.isArray(listed) && listed.every((name) => typeof name === 'string')) names.set(column, listed);
    }
  } catch {
    // A note of another program that does not parse takes nothing away: labels stay the numbers they are.
  }
  return names;
}

/** The elements of a row, of a column of lists. */
function listReader(column: DecodedColumn): ((row: number) => unknown) | undefined {
  if (column.kind === 'lists') return (row) => column.values[row];
  if (column.kind !== 'vectors') return undefined;
  const { values, width } = column;
  return (row) => Array.from(values.subarray(row * width, (row + 1) * width));
}

/** Reads a group of rows at a time and keeps the last two: items are asked for in order. */
function imagesIn(path: string, name: string, groups: Items['groups']): EmbeddedImages {
  const kept = new Map<number, Promise<(Uint8Array | null)[]>>();
  let last = 0;
  const groupOf = (row: number) => {
    const { start, end } = groups[last] as Items['groups'][number];
    if (row < start || row >= end) last = groups.findIndex((group) => row < group.end);
    return last;
  };
  return {
    name,
    async read(row) {
      const at = groupOf(row);
      const group = groups[at] as Items['groups'][number];
      let images = kept.get(at);
      if (images === undefined) {
        images = readParquetImages(path, name, group);
        kept.set(at, images);
        for (const old of [...kept.keys()].slice(0, -2)) kept.delete(old);
      }
      // No bytes fail as an image with its reason, and the other rows go on.
      return (await images)[row - group.start] ?? new Uint8Array(0);
    },
    identity: (row) => `${groups[groupOf(row)]?.bytes}:${row}`,
  };
}

export const parquet = defineTableFormat({
  name: 'parquet',
  summary: 'Parquet: numbers, texts, paths of images or images inside, with a label column, or one of lists of labels',
  layout:
    'a .parquet file with a label column, or a folder with train.parquet and test.parquet (or train-00000-of-00002.parquet, …)',
  extension: /\.(parquet|pq)$/i,
  options: {},
  async read(path, { image }) {
    const items = await openParquetItems(path);
    const { table, groups } = items;
    if (items.images.length > 1 && image === undefined)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected one column of images in ${path} but found ${items.images.join(', ')}. Name one with the option image`,
      );
    const inside = items.images.find((name) => image === undefined || name === image);
    const classNames = classNamesOf(items);
    const columns = [...table.columns].flatMap(([name, column]) => {
      if (column.kind !== 'strings' && column.kind !== 'numbers') return [];
      const listed = classNames.get(name);
      const cell = (value: string | number | null) =>
        value === null ? '' : ((listed && listed[Number(value)]) ?? String(value));
      return [{ name, cells: (column.values as (string | number | null)[]).map(cell) }];
    });
    const lists = [...table.columns].flatMap(([name, column]) => {
      const row = listReader(column);
      const where = (at: number) => `row ${at}, column "${name}" of ${path}`;
      return row
        ? [{ name, read: (at: number) => listedLabels(row(at), where(at), (id) => classNames.get(name)?.[id]) }]
        : [];
    });
    const known = [...columns, ...lists].map(({ name }) => name);
    const others = [...table.columns.keys()].filter((name) => !known.includes(name));
    return {
      table: {
        path,
        names: columns.map(({ name }) => name),
        header: true,
        rows: Array.from({ length: table.rows }, (_, row) => columns.map(({ cells }) => cells[row] as string)),
        at: (row) => ({ path, line: row }),
        lists,
        ...(inside !== undefined && { images: imagesIn(path, inside, groups) }),
      },
      notes: others.length > 0 ? [`columns of other things not read: ${others.join(', ')}`] : [],
    };
  },
});
