/** Items → vectors: work is handed to the sessions, with as much under way as the ring has rooms. */

import type { Backbone, EmbeddingSession } from '../backbone/index.js';
import { throwIfAborted } from '../core/errors.js';
import type { Item } from '../core/item.js';
import type { BatchBounds, Failure, ShardContent } from '../store/index.js';
import type { Copies } from './augment.js';
import { workOf, type Placed, type Work } from './batches.js';
import { Ring } from './ring.js';
import { failureOf, soundRows } from './sound-rows.js';

/** Copies of a graph may take so much memory together. */
const COPIES_BYTES = 2 ** 28;

/** Work that a session has at once: one is done, the next one waits in its thread. */
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
  const ring = new Ring(QUEUED * count);
  let turn: Promise<unknown> = Promise.resolve();

  /** On the session that has least to do. */
  async function run(work: Work) {
    const session = sessions.reduce((a, b) => ((load.get(b) as number) < (load.get(a) as number) ? b : a));
    load.set(session, (load.get(session) as number) + 1);
    try {
      return await work.run(session);
    } finally {
      load.set(session, (load.get(session) as number) - 1);
    }
  }

  return {
    async embed(items, options = {}) {
      const inTurn = turn.then(() => queueShard(items, options));
      turn = inTurn.catch(() => undefined);
      const parts = await (await inTurn).made;
      const rows = parts.flatMap((part) => part.rows);
      const data = new Float32Array(rows.length * backbone.dim);
      let at = 0;
      for (const { vectors } of parts) {
        data.set(vectors, at);
        at += vectors.length;
      }
      const failures = parts.flatMap((part) => part.failures);
      return soundRows({ rows, data, dim: backbone.dim }, failures, copies !== undefined);
    },
    close: async () => {
      await Promise.all(sessions.map((session) => session.close()));
    },
  };

  /** Done when all work is handed to the sessions; `made` comes when they are done, in order. */
  async function queueShard(items: readonly Item[], { signal, onItems }: EmbedItemsOptions) {
    throwIfAborted(signal, 'embedding');
    const running: Promise<Part>[] = [];
    const stopped = new AbortController();

    const queue = async (work: Work): Promise<Part> => {
      try {
        const { vectors, failures } = await run(work);
        onItems?.(work.settled);
        const failed = new Set(failures.map(({ index }) => index));
        return {
          rows: work.rows.filter((_, index) => !failed.has(index)),
          vectors,
          failures: failures.map(({ index, message }) => failureOf((work.rows[index] as Placed).item, message)),
        };
      } finally {
        ring.give();
      }
    };

    try {
      for await (const work of workOf(items, backbone.preprocessor(), bounds, copies, count)) {
        await ring.take();
        if (stopped.signal.aborted || signal?.aborted) {
          ring.give();
          break;
        }
        const part = queue(work);
        part.catch(() => stopped.abort()); // thrown below
        running.push(part);
      }
      throwIfAborted(signal, 'embedding');
    } catch (error) {
      await Promise.allSettled(running);
      throw error;
    }
    const made = Promise.all(running);
    made.catch(() => undefined); // thrown where it is awaited
    return { made };
  }
}

/** What came out of a piece of work. */
interface Part {
  /** One for each row of `vectors`. */
  readonly rows: readonly Placed[];
  readonly vectors: Float32Array;
  readonly failures: readonly Failure[];
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
