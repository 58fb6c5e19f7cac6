/** Embedding spread over machines: what a job in the queue names, and how a worker opens it. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { EquipoiseError, expected } from '../core/errors.js';
import type { OnProgress } from '../core/progress.js';
import { resolveOptions } from '../core/options.js';
import { openDataset, type OpenDatasetOptions } from '../dataset/index.js';
import { embedByQueue, work, type OpenedJob, type QueueOptions, type WorkerOptions } from '../distributed/index.js';
import { batchOptions, embedOptions, openJob, type Augment } from '../embed/index.js';
import type { EmbeddingStore } from '../store/index.js';
import { backboneFor, type BackboneChoice } from './open-data.js';

/** A dataset, a backbone and how they are put together, as plain JSON. */
export interface EmbedSource {
  readonly data: string;
  readonly dataset?: OpenDatasetOptions;
  readonly backbone?: BackboneChoice;
  readonly augment?: Augment;
  readonly batchSize?: number;
  readonly tokenBudget?: number;
  readonly shardSize?: number;
  readonly dtype?: 'float32' | 'float16';
}

export interface QueuedEmbedOptions extends QueueOptions, EmbedSource {
  readonly out: string;
  readonly maxFailRate?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  readonly onNote?: (note: string) => void;
}

const { shardSize, dtype, maxFailRate } = embedOptions;
const storeRules = { ...batchOptions, shardSize, dtype };

/** Names of files become absolute: a worker runs in another folder. */
function absolute(source: EmbedSource): EmbedSource {
  if (source.data === '-')
    throw expected('a path that every worker can open', 'embed.data with a queue', 'standard input');
  const { backbone, tokenizer, ...rest } = source.backbone ?? {};
  return {
    ...source,
    data: resolve(source.data),
    backbone: {
      ...rest,
      ...(backbone !== undefined && { backbone: existsSync(backbone) ? resolve(backbone) : backbone }),
      ...(tokenizer !== undefined && { tokenizer: resolve(tokenizer) }),
    },
  };
}

async function openSource(
  given: unknown,
  threads: number | undefined,
): Promise<OpenedJob & { notes: readonly string[] }> {
  if (typeof given !== 'object' || given === null || typeof (given as EmbedSource).data !== 'string')
    throw new EquipoiseError('ERR_DATA', 'Expected a job that equipoise enqueued but received something else');
  const { data, dataset: options, backbone: choice, augment, ...rest } = given as EmbedSource;
  const settings = resolveOptions('embed', storeRules, rest);
  const dataset = await openDataset(data, options);
  const backbone = await backboneFor(dataset, choice ?? {});
  const { batchSize, tokenBudget } = rest;
  const job = await openJob(dataset, backbone, {
    ...(batchSize !== undefined && { batchSize }),
    ...(tokenBudget !== undefined && { tokenBudget }),
    ...(augment && { augment }),
    ...(threads !== undefined && { threads }),
  });
  const store = { ...job.store, shardRows: settings.shardSize, dtype: settings.dtype };
  return { dataset, job, store, notes: dataset.notes };
}

/**
 * Embeds a dataset by workers that take its shards from a queue in Redis: enqueues, watches and finishes. The store is the one
 * that `embed` makes. The same call after a stop goes on.
 *
 * @throws as `embed`; ERR_ENVIRONMENT without bullmq and ioredis, or when Redis cannot be reached.
 *
 * @example
 * const store = await embedWithQueue({ data: '/shared/photos', out: '/shared/photos.store', queue: 'redis://queue:6379' });
 */
export async function embedWithQueue(options: QueuedEmbedOptions): Promise<EmbeddingStore> {
  const { out, queue, queueName, redis, maxFailRate: most, signal, onProgress, onNote, ...given } = options;
  const limits = resolveOptions('embed', { maxFailRate }, most === undefined ? {} : { maxFailRate: most });
  const source = absolute(given);
  const opened = await openSource(source, undefined);
  for (const note of opened.notes) onNote?.(note);
  return embedByQueue(opened, {
    queue,
    ...(queueName !== undefined && { queueName }),
    ...(redis && { redis }),
    out,
    source,
    maxFailRate: limits.maxFailRate,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
}

/**
 * Works off the shards of any number of `embedWithQueue` runs.
 *
 * @returns the number of shards embedded.
 *
 * @example
 * await embedWorker({ queue: 'redis://queue:6379', root: '/shared', signal });
 */
export async function embedWorker(
  options: Omit<WorkerOptions, 'open'> & { readonly threads?: number },
): Promise<number> {
  const { threads, ...rest } = options;
  return work({ ...rest, open: (source) => openSource(source, threads) });
}
