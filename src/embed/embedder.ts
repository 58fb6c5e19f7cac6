/** Batches → vectors: decode, prepare, run and hand over at the same time, with as much in memory as the ring has rooms. */

import type { Backbone, EmbeddingSession } from '../backbone/index.js';
import { throwIfAborted } from '../core/errors.js';
import type { Item } from '../core/item.js';
import type { BatchBounds, Failure, ShardContent } from '../store/index.js';
import type { Copies } from './augment.js';
import { decodersAtOnce } from '../preprocess/index.js';
import { batchesOf, type Placed, type Prepared } from './batches.js';
import { Ring, type Room } from './ring.js';
import { failureOf, soundRows } from './sound-rows.js';

/** Copies of a graph may take so much memory together. */
const COPIES_BYTES = 2 ** 28;

/** Batches that a session has at once: one is run, the next one waits in its thread. */
const QUEUED = 2;

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
  // A session a thread: batches beside each other need not wait for each other's threads at every operator.
  const copiesAtMost = Math.max(1, Math.floor(COPIES_BYTES / backbone.graph().length));
  const shares = Array.from({ length: threads }, (_, i) => threads - i).filter((share) => threads % share === 0);
  const count = shares.find((share) => share <= copiesAtMost) as number;
  const sessions = await openAll(count, () => backbone.openSession({ threads: threads / count }));
  const load = new Map(sessions.map((session) => [session, 0]));
  // What is prepared meanwhile: two batches, and as many as it takes to have all decoders at work.
  const ring = new Ring(QUEUED * count + Math.max(2, Math.ceil(decodersAtOnce() / bounds.items)));
  let turn: Promise<unknown> = Promise.resolve();

  /** On the session that has least to do. */
  async function run({ inputs, rows }: Prepared, room: Room): Promise<Float32Array> {
    room.memory = undefined;
    if (rows.length === 0) return new Float32Array(0);
    const session = sessions.reduce((a, b) => ((load.get(b) as number) < (load.get(a) as number) ? b : a));
    load.set(session, (load.get(session) as number) + 1);
    try {
      const embedded = await session.run({ inputs, count: rows.length });
      const [tensor] = Object.values(embedded.memory);
      // What has been run gives its memory to the next batch.
      if (tensor?.data instanceof Float32Array) room.memory = new Float32Array(tensor.data.buffer as ArrayBuffer);
      return embedded.rows;
    } finally {
      load.set(session, (load.get(session) as number) - 1);
    }
  }

  return {
    async embed(items, options = {}) {
      const inTurn = turn.then(() => queueShard(items, options));
      turn = inTurn.catch(() => undefined);
      const { rows, failures, data } = await inTurn;
      return soundRows({ rows, data: await data, dim: backbone.dim }, failures, copies !== undefined);
    },
    close: async () => {
      await Promise.all(sessions.map((session) => session.close()));
    },
  };

  /** Done when all batches are handed to the backbone's threads; `data` comes when they are run. */
  async function queueShard(items: readonly Item[], { signal, onItems }: EmbedItemsOptions) {
    throwIfAborted(signal, 'embedding');
    const data = new Float32Array(items.length * (1 + (copies?.most ?? 0)) * backbone.dim);
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
        run(ready, room)
          .then((vectors) => {
            data.set(vectors, at * backbone.dim);
            onItems?.(ready.settled);
          })
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
    const whole = Promise.all(running).then(() => data.subarray(0, rows.length * backbone.dim));
    whole.catch(() => undefined); // thrown where it is awaited
    return { rows, failures, data: whole };
  }
}

/** All, or none: those that opened are closed where one does not. */
async function openAll(count: number, open: () => Promise<EmbeddingSession>): Promise<EmbeddingSession[]> {
  const opened = await Promise.allSettled(Array.from({ length: count }, open));
  const sessions = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = opened.find((one) => one.status === 'rejected');
  if (!failed) return sessions;
  await Promise.all(sessions.map((session) => session.close()));
  throw failed.reason;
}
