/**
 * The items of a shard → batches. Who goes together depends on the items and the bounds alone, never on time: the same
 * shard gives the same vectors, bit for bit, in any process on the same kind of machine.
 */

import { setImmediate as eventLoop } from 'node:timers/promises';
import type { EmbeddingSession, ItemPreprocessor, TextBatcher } from '../backbone/index.js';
import { EquipoiseError } from '../core/errors.js';
import type { Item } from '../core/item.js';
import type { BatchBounds } from '../store/index.js';
import type { Copies } from './augment.js';

/** An item and its place in the order of the shard. */
export interface Placed {
  readonly item: Item;
  readonly place: number;
}

export interface Made {
  /** A row for each of `rows` that did not fail. */
  readonly vectors: Float32Array;
  /** Of `rows`, by rising index. */
  readonly failures: readonly { readonly index: number; readonly message: string }[];
}

/** What a session is given at once. */
export interface Work {
  readonly rows: readonly Placed[];
  /** Items of the dataset, not their copies, that it settles. */
  readonly settled: number;
  run(session: EmbeddingSession): Promise<Made>;
}

/** The work of a shard, in the order in which it is run, for `sessions` of them. */
export function workOf(
  items: readonly Item[],
  preprocessor: ItemPreprocessor,
  bounds: BatchBounds,
  copies: Copies | undefined,
  sessions: number,
): AsyncIterable<Work> {
  const { texts } = preprocessor;
  return texts ? byLength(items, texts, bounds, copies) : inOrder(items, bounds, copies, sessions);
}

/** Images that a session is given at once: a message each would cost more, and so would preparing each between two runs. */
const IMAGES_AT_ONCE = 8;

async function* inOrder(
  items: readonly Item[],
  bounds: BatchBounds,
  copies: Copies | undefined,
  sessions: number,
): AsyncGenerator<Work, void, undefined> {
  const family = 1 + (copies?.most ?? 0);
  const step = Math.max(1, Math.floor(bounds.items / family));
  const most = Math.max(1, Math.floor(IMAGES_AT_ONCE / (step * family)));
  for (let start = 0; start < items.length;) {
    // Less at a time towards the end, so that all sessions come to it together.
    const left = Math.ceil((items.length - start) / step);
    const batches = Math.max(1, Math.min(most, Math.floor(left / (4 * sessions))));
    const groups: (readonly Item[])[] = [];
    const rows: Placed[] = [];
    const first = start;
    for (let b = 0; b < batches; b++, start += step) {
      const originals = items.slice(start, start + step);
      const group = copies ? await copies.beside(originals) : originals;
      group.forEach((item, index) => rows.push({ item, place: start * family + index }));
      groups.push(group);
    }
    yield {
      rows,
      settled: Math.min(start, items.length) - first,
      run: (session) => session.embedImages(groups.map((group) => group.map(({ content }) => content))),
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
): AsyncGenerator<Work, void, undefined> {
  const encoded: Encoded[] = [];
  const failed: { item: Item; message: string }[] = [];
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
        failed.push({ item, message: error.message });
      }
    await eventLoop();
  }
  if (failed.length > 0)
    yield {
      rows: failed.map(({ item }) => ({ item, place: -1 })),
      settled: failed.filter(({ item }) => item.parent === undefined).length,
      run: () =>
        Promise.resolve({
          vectors: new Float32Array(0),
          failures: failed.map(({ message }, index) => ({ index, message })),
        }),
    };
  encoded.sort((a, b) => b.tokens.length - a.tokens.length || a.place - b.place);
  for (let start = 0; start < encoded.length;) {
    const width = texts.width((encoded[start] as Encoded).tokens.length);
    const most = Math.max(1, Math.min(bounds.items, Math.floor((bounds.tokens ?? Infinity) / width)));
    const rows = encoded.slice(start, start + most);
    start += most;
    yield {
      rows,
      settled: rows.reduce((sum, { settles }) => sum + settles, 0),
      async run(session) {
        const inputs = texts.pack(rows.map(({ tokens }) => tokens));
        return { vectors: await session.run({ inputs, count: rows.length }), failures: [] };
      },
    };
  }
}
