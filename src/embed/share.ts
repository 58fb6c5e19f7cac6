/** One process of several that embed a dataset together into one folder: its share of the shards. */

import type { Backbone } from '../backbone/index.js';
import { expected } from '../core/errors.js';
import type { Dataset } from '../core/item.js';
import { custom, resolveOptions } from '../core/options.js';
import {
  createStore,
  joinStore,
  openStore,
  publishShard,
  readManifest,
  shardRanges,
  withPublished,
  type CreateStoreOptions,
  type EmbeddingStore,
} from '../store/index.js';
import { embedOptions, embedShards, plainSettings, type EmbedOptions } from './embed.js';
import { batchOptions, openJob, type EmbedJob } from './job.js';

export interface ShareOptions extends Omit<EmbedOptions, 'overwrite' | 'update' | 'retryFailed'> {
  /** `i/N`: shards i, i + N, i + 2N, …, counted from 0. */
  readonly shard: string;
}

export interface Share {
  /** Where this process found all shards done and finished the store. */
  readonly store: EmbeddingStore | undefined;
  /** Shards that other processes have still to do. */
  readonly missing: number;
  readonly shards: number;
}

const { shardSize, dtype, maxFailRate } = embedOptions;

export const shareOptions = {
  shard: custom<string>({
    accepts: 'i/N with 0 <= i < N, such as 0/8',
    default: '0/1',
    help: 'the share of this process: shards i, i + N, … (from 0); run all N on the same storage, the last one finishes the store',
    check: (value) => {
      const [, i, n] = /^(\d+)\/(\d+)$/.exec(String(value)) ?? [];
      return i !== undefined && Number(i) < Number(n);
    },
  }),
};

/**
 * Embeds every N-th shard of a dataset. N such calls, on any machines that share the folder, in any order, each as often as
 * need be, make the store that one call of `embed` makes; the call that finds all shards done finishes it.
 *
 * @throws as `embed`.
 *
 * @example
 * // On each machine of an array job: node embed.js $SLURM_ARRAY_TASK_ID
 * const { store, missing } = await embedShare(dataset, backbone, { out: '/shared/photos.store', shard: `${process.argv[2]}/8` });
 */
export async function embedShare(dataset: Dataset, backbone: Backbone | null, options: ShareOptions): Promise<Share> {
  const { shard, ...given } = options;
  const { out, signal, onProgress } = given;
  if (typeof out !== 'string' || out === '') throw expected('a folder', 'embed.out', out);
  resolveOptions('embed', shareOptions, { shard });
  const settings = resolveOptions('embed', { ...batchOptions, shardSize, dtype, maxFailRate }, plainSettings(given));
  const [index = 0, of = 1] = shard.split('/').map(Number);
  await using job = await openJob(dataset, backbone, given);
  const store = { ...job.store, dtype: settings.dtype, shardRows: settings.shardSize };
  const finished = await finishedStore(out, dataset);
  if (finished) return { store: finished, missing: 0, shards: shardRanges(finished.manifest).length };
  const place = await joinStore(out, store);
  const shardsNow = async () => shardRanges(await withPublished(out, place.manifest));
  const all = await shardsNow();
  try {
    await embedShards(
      job,
      place,
      all.filter((range) => range.index % of === index),
      (entry) => publishShard(out, entry),
      { ...(signal && { signal }), ...(onProgress && { onProgress }) },
    );
  } catch (error) {
    // The same share may run twice. Whoever finishes the store removes what the other one is still writing again.
    if (!(await finishedStore(out, dataset))) throw error;
  }
  const missing = (await shardsNow()).filter(({ done }) => !done).length;
  if (missing > 0 && !(await finishedStore(out, dataset))) return { store: undefined, missing, shards: all.length };
  return { store: await finishShared(job, dataset, out, store, settings.maxFailRate), missing: 0, shards: all.length };
}

/** The finished store of this dataset in the folder, if there is one. */
export async function finishedStore(out: string, dataset: Dataset): Promise<EmbeddingStore | undefined> {
  const manifest = await readManifest(out);
  return manifest?.complete && manifest.dataset.fingerprint === dataset.fingerprint ? openStore(out) : undefined;
}

/** Finishes a store of which all shards are published. Of several that do so at the same moment, all write the same bytes. */
export async function finishShared(
  job: EmbedJob,
  dataset: Dataset,
  out: string,
  store: CreateStoreOptions,
  maxFailRate: number,
): Promise<EmbeddingStore> {
  try {
    return (
      (await finishedStore(out, dataset)) ??
      (await job.finish(await createStore(out, { ...store, shared: true }), { maxFailRate }))
    );
  } catch (error) {
    // Another one was faster by a moment.
    const finished = await finishedStore(out, dataset);
    if (finished) return finished;
    throw error;
  }
}
