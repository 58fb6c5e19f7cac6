/** A run whose shards other processes make: they are enqueued, watched over and collected. */

import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { EquipoiseError, throwIfAborted } from '../core/errors.js';
import type { OnProgress } from '../core/progress.js';
import { finishedStore, finishShared } from '../embed/index.js';
import { joinStore, shardRanges, withPublished, type EmbeddingStore, type ShardEntry } from '../store/index.js';
import { openConnection, type QueueOptions, type ShardJob } from './queue.js';
import type { OpenedJob } from './worker.js';

export interface EnqueueOptions extends QueueOptions {
  readonly out: string;
  /** What `open` of the workers gets; plain JSON, paths absolute. */
  readonly source: unknown;
  readonly maxFailRate: number;
  /** Of a shard whose worker fails for a reason that may pass. Default 5, waiting 1 s, 2 s, 4 s, … between them. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** Milliseconds between two looks at the folder, which alone says what is done. */
const LOOK_MS = 500;
/** Milliseconds after which jobs are enqueued again that a Redis without memory of them may have lost. */
const ENQUEUE_MS = 5000;

/**
 * Enqueues the shards that are still to do, waits until workers have made them, and finishes the store.
 *
 * The folder is what counts, the queue only says who does what: if Redis loses its memory, what is missing is enqueued again;
 * if this process is stopped, workers go on, and the same call collects what they made.
 *
 * @throws ERR_ENVIRONMENT when Redis cannot be reached, or a shard failed on every attempt, with the worker's words; and as
 *   `embed`.
 */
export async function embedByQueue(opened: OpenedJob, options: EnqueueOptions): Promise<EmbeddingStore> {
  const { source, maxFailRate, attempts = 5, signal, onProgress } = options;
  const { dataset, job, store } = opened;
  const out = resolve(options.out);
  const finished = await finishedStore(out, dataset);
  if (finished) return finished;
  const { bull, name, connect } = await openConnection(options);
  const place = await joinStore(out, store);
  const run = createHash('sha256')
    .update(JSON.stringify([out, dataset.fingerprint, source]))
    .digest('hex')
    .slice(0, 16);

  const connection = connect();
  const queue = new bull.Queue<ShardJob, ShardEntry>(name, { connection });
  queue.on('error', () => undefined); // Redis that is away is waited for
  const ofRun = (jobs: readonly (Job<ShardJob, ShardEntry> | undefined)[]) =>
    jobs.filter((found) => found?.data.run === run) as Job<ShardJob, ShardEntry>[];
  // An earlier call may have ended with these.
  for (const failed of ofRun(await queue.getJobs('failed'))) await failed.remove();
  let enqueued = 0;
  try {
    for (;;) {
      throwIfAborted(signal, 'embedding');
      const start = performance.now();
      const missing = shardRanges(await withPublished(out, place.manifest)).filter(({ done }) => !done);
      if (missing.length === 0) break;
      if (enqueued === 0 || start - enqueued > ENQUEUE_MS) {
        enqueued = start;
        await queue.addBulk(missing.map(({ index }) => jobOf(index)));
      }
      const [failed] = ofRun(await queue.getJobs('failed'));
      if (failed)
        throw new EquipoiseError(
          'ERR_ENVIRONMENT',
          `Shard ${failed.data.index} of ${out} failed on ${failed.attemptsMade} attempt${failed.attemptsMade === 1 ? '' : 's'}: ${failed.failedReason}. What is done stays done; repair the cause and run the same command again`,
        );
      const active = ofRun(await queue.getJobs('active'));
      const underWay = active.reduce((sum, { progress }) => sum + ((progress as { items?: number }).items ?? 0), 0);
      const items = missing.reduce((sum, range) => sum + range.end - range.start, 0);
      onProgress?.({ stage: 'embed', done: dataset.count - items + Math.min(items, underWay), total: dataset.count });
      // A folder of very many shards takes long to look through: looking must not become the work.
      const pause = Math.max(LOOK_MS, 10 * (performance.now() - start));
      await wait(pause, undefined, { ...(signal && { signal }) }).catch(() => undefined);
    }
  } finally {
    await queue.close();
    connection.disconnect();
  }
  onProgress?.({ stage: 'embed', done: dataset.count, total: dataset.count });
  return finishShared(job, dataset, out, store, maxFailRate);

  function jobOf(index: number) {
    return {
      name: 'shard',
      data: { run, out, index, fingerprint: dataset.fingerprint, source },
      opts: {
        // A job of this id that is there already is left as it is, so that enqueuing again is safe at any time.
        jobId: `${run}-${index}`,
        attempts,
        backoff: { type: 'exponential' as const, delay: 1000 },
        removeOnComplete: true,
      },
    };
  }
}
