/** Dataset × backbone → store, shard by shard; whatever is done stays done. */

import type { Backbone } from '../backbone/index.js';
import { expected, throwIfAborted } from '../core/errors.js';
import type { Dataset } from '../core/item.js';
import { boolean, choice, integer, number, resolveOptions } from '../core/options.js';
import type { OnProgress } from '../core/progress.js';
import { createStore, type EmbeddingStore, type Manifest, type ShardEntry, type ShardRange } from '../store/index.js';
import { batchOptions, openJob, type EmbedJob, type JobOptions } from './job.js';
import { updateStore } from './update.js';

/** The settings that are plain values; each is a flag of the command line. */
export const embedOptions = {
  ...batchOptions,
  shardSize: integer({ min: 1, default: 8192, help: 'items a shard; smaller: less lost by a kill, more files' }),
  dtype: choice({ of: ['float32', 'float16'], default: 'float32', help: 'how embeddings are stored' }),
  maxFailRate: number({
    min: 0,
    max: 1,
    default: 0.01,
    help: 'share of items, overall and of each class, that may fail before the run does',
  }),
  overwrite: boolean({ default: false, help: 'replace a finished store in the same folder' }),
  update: boolean({
    default: false,
    help: 'the store in the folder is of an older version of the data: embed what is new or changed, drop what is gone',
  }),
  retryFailed: boolean({
    default: false,
    help: 'embed the items again that failed before, of which the files may have been repaired; the others must be the same',
  }),
};

export interface EmbedOptions extends JobOptions {
  /** The store folder; the same unfinished store in it is resumed. */
  readonly out: string;
  readonly shardSize?: number;
  readonly dtype?: 'float32' | 'float16';
  readonly maxFailRate?: number;
  readonly overwrite?: boolean;
  /** Takes over what the store in `out` has of items that are still the same, and embeds the rest. Splits are made anew. */
  readonly update?: boolean;
  /** `update` for items that failed; it refuses data that changed otherwise. */
  readonly retryFailed?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** Shards under way: one is written while the next one is embedded. */
const AT_ONCE = 2;

/**
 * Embeds a dataset into a store on disk.
 *
 * Work is done in shards of `shardSize` items; a finished shard survives any kill, and the same call resumes after it.
 * An item that cannot be embedded is recorded with its reason and skipped; the ids of the others stay aligned.
 *
 * @param backbone what makes the vectors; null for a table, whose columns are the embedding and are stored raw.
 * @throws ERR_DATA once more than `maxFailRate` of the items fail, and at the end where it is more of one class; ERR_OPTION, ERR_INTEGRITY or
 *   ERR_ENVIRONMENT from the store; ERR_ABORTED once the signal is aborted (the state can be resumed).
 *
 * @example
 * const store = await embed(await openDataset('photos'), await openBackbone('tiny-image'), { out: 'photos.store' });
 */
export async function embed(
  dataset: Dataset,
  backbone: Backbone | null,
  options: EmbedOptions,
): Promise<EmbeddingStore> {
  const { out, signal, onProgress } = options;
  if (typeof out !== 'string' || out === '') throw expected('a folder', 'embed.out', out);
  const settings = resolveOptions('embed', embedOptions, plainSettings(options));
  const { shardSize, dtype, maxFailRate, overwrite, update, retryFailed } = settings;
  const chosen = Object.entries({ overwrite, update, retryFailed }).filter(([, value]) => value);
  if (chosen.length > 1)
    throw expected('one of overwrite, update and retryFailed', 'embed', chosen.map(([name]) => name).join(' and '));
  if (update || retryFailed) {
    const { update: _, retryFailed: __, ...same } = options;
    return updateStore(dataset, backbone, same, retryFailed);
  }
  await using job = await openJob(dataset, backbone, options);
  const writer = await createStore(out, { ...job.store, dtype, shardRows: shardSize, overwrite });
  await job.assertWorthwhile(writer, { maxFailRate });
  const list = async (entry: ShardEntry) => {
    await writer.addShard(entry);
    await job.assertWorthwhile(writer, { maxFailRate });
  };
  await embedShards(job, writer, writer.shards(), list, {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  // Awaited here: the job is closed only then, and a refusal must not wait for that unheard.
  return await job.finish(writer, { maxFailRate });
}

/** Without what has rules of its own elsewhere: the settings that the tables of options check. */
export function plainSettings({
  out: _out,
  augment: _augment,
  threads: _threads,
  classNames: _classNames,
  known: _known,
  signal: _signal,
  onProgress: _onProgress,
  ...settings
}: EmbedOptions): object {
  return settings;
}

/** Embeds those of the shards that are not done; `list` makes each one known. */
export async function embedShards(
  job: EmbedJob,
  place: { readonly dir: string; readonly manifest: Manifest },
  shards: readonly ShardRange[],
  list: (entry: ShardEntry) => Promise<void>,
  { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: OnProgress },
): Promise<void> {
  const items = (of: readonly ShardRange[]) => of.reduce((sum, shard) => sum + shard.end - shard.start, 0);
  const total = items(shards);
  let done = items(shards.filter((shard) => shard.done));
  const advance = (count: number) => {
    done += count;
    onProgress?.({ stage: 'embed', done, total });
  };
  advance(0);
  // Where one shard fails the others need not go on.
  const stopping = new AbortController();
  const both = signal ? AbortSignal.any([signal, stopping.signal]) : stopping.signal;
  const pending: Promise<void>[] = [];
  try {
    for (const shard of shards) {
      if (shard.done) continue;
      if (pending.length >= AT_ONCE) await pending.shift();
      throwIfAborted(signal, 'embedding');
      const made = job.embedShard(place, shard.index, { signal: both, onItems: advance }).then(list);
      made.catch(() => undefined); // thrown where it is awaited
      pending.push(made);
    }
    for (const made of pending) await made;
  } finally {
    stopping.abort();
    await Promise.allSettled(pending);
  }
}
