/** Working off a queue of shards, on any machine that reaches the same storage. */

import { isAbsolute, relative, resolve } from 'node:path';
import type { Job } from 'bullmq';
import { EquipoiseError, expected } from '../core/errors.js';
import type { Dataset } from '../core/item.js';
import type { EmbedJob } from '../embed/index.js';
import {
  joinStore,
  publishShard,
  shardRanges,
  withPublished,
  type CreateStoreOptions,
  type ShardEntry,
} from '../store/index.js';
import { openConnection, type QueueOptions, type ShardJob } from './queue.js';

/** A dataset and its backbone, as a worker opens them. */
export interface OpenedJob {
  readonly dataset: Dataset;
  readonly job: EmbedJob;
  readonly store: Omit<CreateStoreOptions, 'overwrite'>;
}

export interface WorkerOptions extends QueueOptions {
  /** Opens what a job names; kept open as long as jobs of the same run follow each other. */
  readonly open: (source: unknown) => Promise<OpenedJob>;
  /** Only stores under this folder are written. Default: any. */
  readonly root?: string;
  /** How long a worker may be silent before another takes its shard over, milliseconds. Default 30,000. */
  readonly stalledAfterMs?: number;
  /** Ends when nothing is left to do; otherwise it waits for more. */
  readonly untilEmpty?: boolean;
  /** Gives the shard in hand back to the queue and ends. */
  readonly signal?: AbortSignal;
  readonly onShard?: (done: { readonly out: string; readonly index: number; readonly rows: number }) => void;
}

/** Milliseconds between two looks at whether the queue is empty. */
const LOOK_MS = 200;

function assertInside(root: string | undefined, out: string): void {
  if (root === undefined) return;
  const path = relative(resolve(root), out);
  if (path === '' || path.startsWith('..') || isAbsolute(path))
    throw new EquipoiseError('ERR_OPTION', `Expected a store under ${root} but the queue names ${out}`);
}

/**
 * Works off shards until it is stopped, or with `untilEmpty` until none is left.
 *
 * A shard that is done already is not made again, so a job that two workers get does no harm. Data and backbone must be those
 * of the run that was enqueued: a worker that sees other ones fails the job.
 *
 * @returns the number of shards embedded.
 * @throws ERR_OPTION, ERR_ENVIRONMENT as `embed` with a queue.
 *
 * @example
 * await work({ queue: 'redis://localhost:6379', open, signal });
 */
export async function work(options: WorkerOptions): Promise<number> {
  const { open, root, stalledAfterMs = 30_000, untilEmpty = false, signal, onShard } = options;
  if (!Number.isSafeInteger(stalledAfterMs) || stalledAfterMs < 1000)
    throw expected('integer >= 1000', 'worker.stalledAfterMs', stalledAfterMs);
  const { bull, name, connect } = await openConnection(options);
  let opened: { readonly run: string; readonly job: Promise<OpenedJob> } | undefined;
  let shards = 0;

  async function openRun({ run, source }: ShardJob): Promise<OpenedJob> {
    if (opened?.run !== run) {
      await closeRun();
      opened = { run, job: open(source) };
    }
    return opened.job;
  }
  async function closeRun(): Promise<void> {
    await (await opened?.job.catch(() => undefined))?.job.close();
    opened = undefined;
  }

  async function embedOne(job: Job<ShardJob, ShardEntry>, token: string | undefined): Promise<ShardEntry> {
    const { out, index, fingerprint } = job.data;
    try {
      assertInside(root, out);
      const { dataset, job: embedding, store } = await openRun(job.data);
      if (dataset.fingerprint !== fingerprint)
        throw new EquipoiseError(
          'ERR_INTEGRITY',
          `Expected the dataset that was enqueued (${fingerprint.slice(0, 12)}) but this machine sees another one (${dataset.fingerprint.slice(0, 12)}). Give all machines the same storage`,
        );
      const place = await joinStore(out, store);
      const range = shardRanges(place.manifest)[index];
      const { shards: done } = await withPublished(out, place.manifest);
      const before = done.find(({ start }) => start === range?.start);
      if (before) return before;
      let items = 0;
      let told = 0;
      const entry = await embedding.embedShard(place, index, {
        ...(signal && { signal }),
        onItems(count) {
          items += count;
          if (Date.now() - told < 1000) return;
          told = Date.now();
          job.updateProgress({ items }).catch(() => undefined);
        },
      });
      await publishShard(out, entry);
      shards++;
      onShard?.({ out, index, rows: entry.rows });
      return entry;
    } catch (error) {
      if (signal?.aborted) {
        // Back into the queue at once, and this attempt does not count.
        await job.moveToDelayed(Date.now(), token);
        throw new bull.DelayedError();
      }
      // Wrong data or options are as wrong on the next attempt; a full disk or a lost mount may pass.
      const final = error instanceof EquipoiseError && error.code !== 'ERR_ENVIRONMENT';
      const message = error instanceof EquipoiseError ? `${error.code}: ${error.message}` : String(error);
      throw final ? new bull.UnrecoverableError(message) : new Error(message, { cause: error });
    }
  }

  const connection = connect();
  const worker = new bull.Worker<ShardJob, ShardEntry>(name, embedOne, {
    connection,
    lockDuration: stalledAfterMs,
    stalledInterval: Math.max(500, Math.floor(stalledAfterMs / 2)),
    // Being taken over is no fault of the shard.
    maxStalledCount: 1000,
    // A second shard would only wait for the same processors.
    concurrency: 1,
  });
  worker.on('error', () => undefined); // Redis that is away comes back; what fails for good is told by the job
  const asking = connect();
  const counter = new bull.Queue(name, { connection: asking });
  counter.on('error', () => undefined);
  try {
    await new Promise<void>((done) => {
      const looking = untilEmpty
        ? setInterval(() => {
            counter.getJobCounts('active', 'waiting', 'delayed', 'prioritized').then(
              (counts) => Object.values(counts).every((count) => count === 0) && stop(),
              () => undefined,
            );
          }, LOOK_MS)
        : undefined;
      const stop = () => {
        clearInterval(looking);
        done();
      };
      if (signal?.aborted) stop();
      else signal?.addEventListener('abort', stop, { once: true });
    });
  } finally {
    await worker.close();
    await counter.close();
    await closeRun();
    connection.disconnect();
    asking.disconnect();
  }
  return shards;
}
