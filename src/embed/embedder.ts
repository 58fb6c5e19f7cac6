/** Batches → vectors: decode, prepare, run and hand over at the same time, with as much in memory as the ring has rooms. */

import type { Backbone, EmbeddingSession } from '../backbone/index.js';
import { throwIfAborted } from '../core/errors.js';
import type { Item } from '../core/item.js';
import type { BatchBounds, Failure, ShardContent } from '../store/index.js';
import type { Copies } from './augment.js';
import { batchesOf, type Placed, type Prepared } from './batches.js';
import { Ring, type Room } from './ring.js';
import { failureOf, soundRows } from './sound-rows.js';

/** One batch is run, the next one waits in the backbone's thread, and two are prepared meanwhile. */
const ROOMS = 4;

export interface EmbedItemsOptions {
  readonly signal?: AbortSignal;
  /** Called with the number of items settled, as they are. */
  readonly onItems?: (items: number) => void;
}

export interface Embedder {
  /**
   * Embeds the items of one shard. Calls may overlap: batches of the second are prepared and queued while those of the first
   * are still run, so that the backbone never waits at the end of a shard.
   */
  embed(items: readonly Item[], options?: EmbedItemsOptions): Promise<ShardContent>;
  close(): Promise<void>;
}

/** @throws ERR_ENVIRONMENT without onnxruntime-node. */
export async function openEmbedder(
  backbone: Backbone,
  { threads, bounds, copies }: { threads: number; bounds: BatchBounds; copies: Copies | undefined },
): Promise<Embedder> {
  const session = await backbone.openSession({ threads });
  const ring = new Ring(ROOMS);
  let turn: Promise<unknown> = Promise.resolve();

  return {
    async embed(items, options = {}) {
      const inTurn = turn.then(() => queueShard(items, options));
      turn = inTurn.catch(() => undefined);
      const { rows, failures, data } = await inTurn;
      return soundRows({ rows, data: await data, dim: backbone.dim }, failures, copies !== undefined);
    },
    close: () => session.close(),
  };

  /** Done when all batches are handed to the backbone's thread; `data` comes when it has run them. */
  async function queueShard(items: readonly Item[], { signal, onItems }: EmbedItemsOptions) {
    throwIfAborted(signal, 'embedding');
    session.openShard(Math.max(1, items.length * (1 + (copies?.most ?? 0))));
    const rows: Placed[] = [];
    const failures: Failure[] = [];
    const running: Promise<void>[] = [];
    let queued: Promise<void> = Promise.resolve();
    const stopped = new AbortController();

    const queue = (ready: Prepared, room: Room): void => {
      for (const { item, error } of ready.failures) failures.push(failureOf(item, error.message));
      const at = rows.length;
      rows.push(...ready.rows);
      running.push(
        run(session, ready, at, room)
          .then(() => onItems?.(ready.settled))
          .finally(() => ring.give(room)),
      );
      running.at(-1)?.catch(() => stopped.abort()); // thrown below
    };

    try {
      for await (const batch of batchesOf(items, backbone.preprocessor(), bounds, copies)) {
        const room = await ring.take();
        if (stopped.signal.aborted || signal?.aborted) {
          ring.give(room);
          break;
        }
        const preparing = batch(room.memory);
        queued = Promise.all([preparing, queued]).then(
          ([ready]) => queue(ready, room),
          (error: unknown) => {
            ring.give(room);
            stopped.abort();
            throw error;
          },
        );
        queued.catch(() => undefined); // thrown below
      }
      await queued;
      throwIfAborted(signal, 'embedding');
    } catch (error) {
      await Promise.allSettled(running);
      throw error;
    }
    const taken = session.takeShard(rows.length);
    const data = Promise.all([taken, ...running]).then(([matrix]) => matrix);
    data.catch(() => undefined); // thrown where it is awaited
    return { rows, failures, data };
  }
}

/** The memory of the batch comes back into its room. */
async function run(session: EmbeddingSession, { inputs, rows }: Prepared, at: number, room: Room): Promise<void> {
  room.memory = undefined;
  if (rows.length === 0) return;
  const [tensor] = Object.values(await session.run({ inputs, count: rows.length, at }));
  if (tensor?.data instanceof Float32Array) room.memory = new Float32Array(tensor.data.buffer as ArrayBuffer);
}
