/** Several datasets as one, so that they share a class table, a store and its splits. */

import { createHash } from 'node:crypto';
import { compareNames, type Column } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { Dataset, Item, ItemContent } from '../core/item.js';
import type { TargetKind } from '../core/targets.js';
import { checkRange } from './format.js';

export interface DatasetPart {
  /** Becomes the first piece of the ids: no "/". */
  readonly part: string;
  readonly dataset: Dataset;
}

export interface ConcatenatedDatasets {
  readonly dataset: Dataset;
  /** The part an id came from. */
  partOf(id: string): string;
}

const kindOf = ({ dataset }: DatasetPart): TargetKind => dataset.targets ?? 'one';

function renamed(item: Item, part: string): Item {
  return {
    ...item,
    id: `${part}/${item.id}`,
    ...(item.parent !== undefined && { parent: `${part}/${item.parent}` }),
  };
}

function widened(values: Float32Array, map: Int32Array, columns: readonly Column[]): ItemContent {
  const row = new Float32Array(columns.length);
  values.forEach((value, at) => (row[map[at] as number] = value));
  return { kind: 'row', values: row };
}

/** What a column stands for: itself, or the category that it is a level of. */
const slotOf = ({ kind, name, source }: Column) => (kind === 'one-hot' && source !== undefined ? `=${source}` : name);

/**
 * One column table for all parts. A part may lack levels of a category, or have some of its own: they are put beside those of the
 * part before it.
 */
function joinColumns(parts: readonly DatasetPart[]) {
  const tables = parts.map(({ dataset }) => dataset.columns ?? []);
  const [first = []] = tables;
  const same = (table: readonly Column[]) =>
    table.length === first.length &&
    table.every(({ name, kind }, at) => name === first[at]?.name && kind === first[at]?.kind);
  if (tables.every(same)) return { columns: first, notes: [], mapOf: new Map<Dataset, Int32Array>() };
  for (const [i, table] of tables.entries()) {
    const twice = table.find(({ name }, at) => table.findIndex((column) => column.name === name) !== at);
    if (twice)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected a name of its own for every column of ${parts[i]?.part} but ${JSON.stringify(twice.name)} occurs twice`,
      );
  }
  const slots = [...new Set(first.map(slotOf))];
  const notes: string[] = [];
  for (const [i, table] of tables.entries()) {
    const { part } = parts[i] as DatasetPart;
    const own = [...new Set(table.map(slotOf))];
    const at = [...Array(Math.max(own.length, slots.length)).keys()].find((slot) => own[slot] !== slots[slot]);
    const name = (slot: string | undefined) => slot?.replace(/^=/, 'category ');
    if (at !== undefined)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected the columns of ${part} to be those of ${parts[0]?.part} but column ${at} is ${name(own[at]) ?? 'missing'} in place of ${name(slots[at]) ?? 'none'}`,
      );
  }
  const columns = slots.flatMap((slot) => {
    const known = new Map<string, Column>();
    for (const [i, table] of tables.entries())
      for (const column of table.filter((one) => slotOf(one) === slot)) {
        if (i > 0 && !known.has(column.name))
          notes.push(`${column.name} occurs in ${parts[i]?.part} and not in ${parts[0]?.part}`);
        known.set(column.name, known.get(column.name) ?? column);
      }
    return [...known.values()];
  });
  const place = new Map(columns.map(({ name }, at) => [name, at]));
  const mapOf = new Map<Dataset, Int32Array>();
  for (const [i, table] of tables.entries()) {
    if (table.length === columns.length && table.every(({ name }, at) => place.get(name) === at)) continue;
    mapOf.set(
      (parts[i] as DatasetPart).dataset,
      Int32Array.from(table, ({ name }) => place.get(name) as number),
    );
  }
  return { columns, notes, mapOf };
}

/**
 * Puts datasets behind one another; the id of an item becomes `part/id`.
 *
 * @throws ERR_OPTION for no parts, repeated names or names with "/"; ERR_DATA when they hold different things
 *   (texts and images, tables of other columns).
 *
 * @example
 * const { dataset, partOf } = concatDatasets([{ part: 'train', dataset: train }, { part: 'test', dataset: test }]);
 */
export function concatDatasets(parts: readonly DatasetPart[]): ConcatenatedDatasets {
  const [first] = parts;
  if (first === undefined) throw expected('at least one dataset', 'concatDatasets', 'none');
  const names = parts.map(({ part }) => part);
  for (const [i, part] of names.entries())
    if (part === '' || part.includes('/') || names.indexOf(part) !== i)
      throw expected('a name of its own, without "/",', 'a part of concatDatasets', part);
  for (const { part, dataset } of parts) {
    if (dataset.modality !== first.dataset.modality)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected ${part} to hold ${first.dataset.modality} items like ${first.part} but it holds ${dataset.modality} items`,
      );
    // A part without any label goes with either kind.
    const labelled = parts.filter((one) => one.dataset.classNames.length > 0);
    const other = labelled.find((one) => kindOf(one) !== kindOf(labelled[0] as DatasetPart));
    if (other)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected lists of labels in every part or in none, but ${labelled[0]?.part} and ${other.part} differ in that. Read both with the same options`,
      );
  }
  const { columns, notes, mapOf } = joinColumns(parts);
  const count = parts.reduce((sum, { dataset }) => sum + dataset.count, 0);
  async function* items(range?: { start: number; end: number }): AsyncGenerator<Item> {
    const [start, end] = checkRange(range, count);
    let offset = 0;
    for (const { part, dataset } of parts) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, dataset.count);
      const map = mapOf.get(dataset);
      if (from < to)
        for await (const item of dataset.items({ start: from, end: to })) {
          const named = renamed(item, part);
          yield map && item.content.kind === 'row'
            ? { ...named, content: widened(item.content.values, map, columns) }
            : named;
        }
      offset += dataset.count;
    }
  }
  const fingerprint = createHash('sha256');
  for (const { part, dataset } of parts) fingerprint.update(`${part}/${dataset.fingerprint}\n`);
  return {
    dataset: {
      name: first.dataset.name,
      format: first.dataset.format,
      modality: first.dataset.modality,
      count,
      classNames: [...new Set(parts.flatMap(({ dataset }) => dataset.classNames))].sort(compareNames),
      targets: parts.some((one) => kindOf(one) === 'many') ? 'many' : 'one',
      ...(first.dataset.columns && { columns }),
      fingerprint: fingerprint.digest('hex'),
      notes: [...parts.flatMap(({ part, dataset }) => dataset.notes.map((note) => `${part}: ${note}`)), ...notes],
      items,
      [Symbol.asyncIterator]: () => items(),
    },
    partOf(id) {
      const part = id.slice(0, id.indexOf('/'));
      if (!names.includes(part)) throw expected(`an id that begins with one of ${names.join('/, ')}/`, 'partOf', id);
      return part;
    },
  };
}
