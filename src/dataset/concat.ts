/** Several datasets as one, so that they share a class table, a store and its splits. */

import { createHash } from 'node:crypto';
import { compareNames } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { Dataset, Item } from '../core/item.js';
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

function renamed(item: Item, part: string): Item {
  return {
    ...item,
    id: `${part}/${item.id}`,
    ...(item.parent !== undefined && { parent: `${part}/${item.parent}` }),
  };
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
    const columns = dataset.columns ?? [];
    const wanted = first.dataset.columns ?? [];
    const different = [...Array(Math.max(columns.length, wanted.length)).keys()].find(
      (i) => columns[i]?.name !== wanted[i]?.name || columns[i]?.kind !== wanted[i]?.kind,
    );
    if (different !== undefined)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected the columns of ${part} to be those of ${first.part} but column ${different} is ${columns[different]?.name ?? 'missing'} in place of ${wanted[different]?.name ?? 'none'}`,
      );
  }
  const count = parts.reduce((sum, { dataset }) => sum + dataset.count, 0);
  async function* items(range?: { start: number; end: number }): AsyncGenerator<Item> {
    const [start, end] = checkRange(range, count);
    let offset = 0;
    for (const { part, dataset } of parts) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, dataset.count);
      if (from < to) for await (const item of dataset.items({ start: from, end: to })) yield renamed(item, part);
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
      ...(first.dataset.columns && { columns: first.dataset.columns }),
      fingerprint: fingerprint.digest('hex'),
      notes: parts.flatMap(({ part, dataset }) => dataset.notes.map((note) => `${part}: ${note}`)),
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
