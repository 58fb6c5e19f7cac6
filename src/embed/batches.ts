/**
 * The items of a shard → batches. Who goes together depends on the items and the bounds alone, never on time: the same
 * shard gives the same vectors, bit for bit, in any process on the same kind of machine.
 */

import { setImmediate as eventLoop } from 'node:timers/promises';
import type { Feeds, ItemPreprocessor, TextBatcher } from '../backbone/index.js';
import { EquipoiseError } from '../core/errors.js';
import type { Item } from '../core/item.js';
import type { BatchBounds } from '../store/index.js';
import type { Copies } from './augment.js';

/** Ready to be run: a row of `inputs` for each of `rows`. */
export interface Prepared {
  readonly inputs: Feeds;
  readonly rows: readonly Placed[];
  readonly failures: readonly { readonly item: Item; readonly error: EquipoiseError }[];
  /** Items of the dataset, not their copies, that this batch settles. */
  readonly settled: number;
}

/** An item and its place in the order of the shard. */
export interface Placed {
  readonly item: Item;
  readonly place: number;
}

/** Prepares one batch, in memory that was used before where some is given. */
export type Batch = (room?: Float32Array) => Promise<Prepared>;

/** The batches of a shard, in the order in which they are run. */
export function batchesOf(
  items: readonly Item[],
  preprocessor: ItemPreprocessor,
  bounds: BatchBounds,
  copies: Copies | undefined,
): Iterable<Batch> | AsyncIterable<Batch> {
  const { texts } = preprocessor;
  if (texts) return byLength(items, texts, bounds, copies);
  return inOrder(items, preprocessor, bounds, copies);
}

function* inOrder(
  items: readonly Item[],
  preprocessor: ItemPreprocessor,
  bounds: BatchBounds,
  copies: Copies | undefined,
): Generator<Batch> {
  const family = 1 + (copies?.most ?? 0);
  const step = Math.max(1, Math.floor(bounds.items / family));
  for (let start = 0; start < items.length; start += step) {
    const originals = items.slice(start, start + step);
    yield async (room) => {
      const batch = copies ? await copies.beside(originals) : originals;
      const { inputs, kept, failures } = await preprocessor.batch(
        batch.map(({ content }) => content),
        room,
      );
      return {
        inputs,
        rows: kept.map((index) => ({ item: batch[index] as Item, place: start * family + index })),
        failures: failures.map(({ index, error }) => ({ item: batch[index] as Item, error })),
        settled: originals.length,
      };
    };
  }
}

/** Texts that are encoded before the event loop gets a turn. */
const ENCODED_AT_ONCE = 64;

interface Encoded extends Placed {
  readonly tokens: readonly number[];
  /** Items of the dataset that are settled with this one. */
  readonly settles: number;
}

/** Longest first, so that the runtime reserves its memory once; beside each other those of about one length. */
async function* byLength(
  items: readonly Item[],
  texts: TextBatcher,
  bounds: BatchBounds,
  copies: Copies | undefined,
): AsyncGenerator<Batch, void, undefined> {
  const encoded: Encoded[] = [];
  const failures: { item: Item; error: EquipoiseError }[] = [];
  let place = 0;
  for (let start = 0; start < items.length; start += ENCODED_AT_ONCE) {
    const originals = items.slice(start, start + ENCODED_AT_ONCE);
    const isOriginal = new Set(originals);
    for (const item of copies ? await copies.beside(originals) : originals)
      try {
        const tokens = texts.encode(item.content);
        encoded.push({ item, place: place++, tokens, settles: isOriginal.has(item) ? 1 : 0 });
      } catch (error) {
        if (!(error instanceof EquipoiseError) || error.code !== 'ERR_DATA') throw error;
        failures.push({ item, error });
      }
    await eventLoop();
  }
  if (failures.length > 0)
    yield () => {
      const settled = failures.filter(({ item }) => item.parent === undefined).length;
      return Promise.resolve({ inputs: {}, rows: [], failures, settled });
    };
  encoded.sort((a, b) => b.tokens.length - a.tokens.length || a.place - b.place);
  for (let start = 0; start < encoded.length;) {
    const width = texts.width((encoded[start] as Encoded).tokens.length);
    const most = Math.max(1, Math.min(bounds.items, Math.floor((bounds.tokens ?? Infinity) / width)));
    const rows = encoded.slice(start, start + most);
    start += most;
    yield () =>
      Promise.resolve({
        inputs: texts.pack(rows.map(({ tokens }) => tokens)),
        rows,
        failures: [],
        settled: rows.reduce((sum, { settles }) => sum + settles, 0),
      });
  }
}
