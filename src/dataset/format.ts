/** What a dataset format is, and how the items it lists become a `Dataset`. */

import { createHash } from 'node:crypto';
import { compareNames, type Column, type Part } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { namesOf, type Dataset, type Item, type ItemContent, type Label, type Modality } from '../core/item.js';
import type { OptionRules, OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';
import { targetsOf } from './labels.js';

/** All of an item but its content. */
export type ItemHead = Omit<Item, 'content' | 'identity'>;

/** What a format finds at a path: how many items, and each of them on demand. */
export interface ItemSource {
  readonly name: string;
  readonly modality: Modality;
  readonly count: number;
  item(index: number): ItemHead;
  /** Read when the item is used: a dataset may be larger than memory. */
  content(index: number): ItemContent | Promise<ItemContent>;
  /** What tells this item's content from another's, cheaply: pixels, a text, a file's size. */
  identity(index: number): string | Uint8Array;
  readonly columns?: readonly Column[];
  readonly notes: readonly string[];
  /** Parts that lie beside this one and open with `part`. */
  readonly companions?: readonly Part[];
}

export interface DatasetFormat<R extends OptionRules = OptionRules> extends Entry {
  /** Options beyond `format`, `name` and `maxItems`, which every format has. */
  readonly options: R;
  /** The layout with an example, for messages. */
  readonly layout: string;
  /** Whether the path looks like this format; it reads names and first bytes only. */
  detect(path: string): Promise<boolean>;
  /** @throws ERR_DATA saying what is wrong and where. */
  open(path: string, options: OptionsOf<R>): Promise<ItemSource>;
}

export function defineDatasetFormat<R extends OptionRules>(format: DatasetFormat<R>): DatasetFormat<R> {
  return format;
}

export interface OpenedDataset extends Dataset {
  /** Parts that lie beside this one; open each with the option `part`. */
  readonly companions: readonly Part[];
}

/** @throws ERR_OPTION unless 0 <= start <= end <= count. */
export function checkRange(range: { start: number; end: number } | undefined, count: number): [number, number] {
  const { start, end } = range ?? { start: 0, end: count };
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || start > end || end > count)
    throw expected(`a range within 0 to ${count}`, 'items', `${start} to ${end}`);
  return [start, end];
}

/** Every n-th of `count`, so that a small sample of a set sorted by class still has its classes. */
function spread(count: number, wanted: number): Int32Array {
  const length = Math.min(count, wanted);
  return Int32Array.from({ length }, (_, i) => Math.floor((i * count) / length));
}

export function datasetOf(
  source: ItemSource,
  format: string,
  options: { name?: string | undefined; maxItems?: number | undefined },
): OpenedDataset {
  const rows = spread(source.count, options.maxItems ?? source.count);
  const hash = createHash('sha256');
  const frame = (value: string | Uint8Array) => hash.update(`${value.length}:`).update(value);
  frame(JSON.stringify([source.modality, source.columns ?? null]));
  const names = new Set<string>();
  const labels: [Label, string][] = [];
  const lines = new Map<string, string>();
  for (const row of rows) {
    const { id, label, group, weight, source: line } = source.item(row);
    const other = lines.get(id);
    if (other !== undefined)
      throw new EquipoiseError(
        'ERR_DATA',
        `Ids must be unique but ${JSON.stringify(id)} is the id of ${other} and of ${line}`,
      );
    lines.set(id, line);
    for (const name of namesOf(label)) names.add(name);
    labels.push([label, line]);
    frame(JSON.stringify([id, label, group ?? null, weight ?? null]));
    frame(source.identity(row));
  }
  const sampled =
    rows.length < source.count ? [`${rows.length} of ${source.count} items, evenly spaced (maxItems)`] : [];
  async function* items(range?: { start: number; end: number }): AsyncGenerator<Item> {
    const [start, end] = checkRange(range, rows.length);
    for (let i = start; i < end; i++) {
      const row = rows[i] as number;
      const identity = createHash('sha256').update(source.identity(row)).digest('hex').slice(0, 16);
      yield { ...source.item(row), identity, content: await source.content(row) };
    }
  }
  return {
    name: options.name ?? source.name,
    format,
    modality: source.modality,
    count: rows.length,
    classNames: [...names].sort(compareNames),
    targets: targetsOf(labels),
    ...(source.columns && { columns: source.columns }),
    fingerprint: hash.digest('hex'),
    notes: [...source.notes, ...sampled],
    companions: source.companions ?? [],
    items,
    [Symbol.asyncIterator]: () => items(),
  };
}
