/** Dataset × backbone → store, shard by shard: decode, run and write overlap, and whatever is done stays done. */

import { runtimeVersion, type Backbone, type EmbeddingSession } from '../backbone/index.js';
import { defaultThreads } from '../kernels/index.js';
import { EquipoiseError, throwIfAborted } from '../core/errors.js';
import type { Dataset, Item } from '../core/item.js';
import type { Dense } from '../core/matrix.js';
import { integer, number, choice, boolean, custom, text, resolveOptions } from '../core/options.js';
import type { OnProgress } from '../core/progress.js';
import { createStore, type EmbeddingStore, type Failure, type Row, type ShardContent } from '../store/index.js';
import { assertFewFailures } from './failures.js';

export const embedOptions = {
  out: text({ help: 'the store folder' }),
  batchSize: integer({
    min: 1,
    max: 65536,
    default: 32,
    help: 'items a backbone run; larger: more memory, rarely faster on a processor',
  }),
  shardSize: integer({ min: 1, default: 8192, help: 'items a shard; smaller: less lost by a kill, more files' }),
  dtype: choice({ of: ['float32', 'float16'], default: 'float32', help: 'how embeddings are stored' }),
  maxFailRate: number({
    min: 0,
    max: 1,
    default: 0.01,
    help: 'share of items, overall and of each class, that may fail before the run does',
  }),
  overwrite: boolean({ default: false, help: 'replace a finished store in the same folder' }),
};

export interface EmbedOptions {
  /** The store folder; the same unfinished store in it is resumed. */
  readonly out: string;
  readonly batchSize?: number;
  readonly shardSize?: number;
  readonly dtype?: 'float32' | 'float16';
  readonly maxFailRate?: number;
  readonly overwrite?: boolean;
  /** Processor threads of the backbone; default: what this process may use. */
  readonly threads?: number;
  /** Class table, where it is known beforehand; default: the names that occur. */
  readonly classNames?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** Batches handed to the backbone's thread before the first has come back: one runs while the next is decoded. */
const inFlight = 2;

/**
 * Embeds a dataset into a store on disk.
 *
 * Work is done in shards of `shardSize` items; a finished shard survives any kill, and the same call resumes after it.
 * An item that cannot be embedded is recorded with its reason and skipped; the ids of the others stay aligned.
 *
 * @param backbone what makes the vectors; null for a table, whose columns are the embedding and are stored raw.
 * @throws ERR_DATA when more than `maxFailRate` of the items, overall or of one class, fail; ERR_OPTION, ERR_INTEGRITY or
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
  const { threads, classNames, signal, onProgress, ...rest } = options;
  const settings = resolveOptions('embed', embedOptionsWithOut, rest);
  assertFits(dataset, backbone);
  const writer = await createStore(settings.out, {
    datasetFingerprint: dataset.fingerprint,
    count: dataset.count,
    modality: dataset.modality,
    backbone: backbone && {
      id: backbone.id,
      recipeHash: backbone.recipeHash,
      sha256: backbone.fileSha256,
      dim: backbone.dim,
    },
    classNames: classNames ?? dataset.classNames,
    ...(dataset.columns && { columns: dataset.columns }),
    dtype: settings.dtype,
    shardRows: settings.shardSize,
    overwrite: settings.overwrite,
    ...(threads !== undefined && { threads }),
    ...(backbone && { runtime: runtimeVersion() }),
  });
  const shards = writer.shards();
  let done = shards.filter((shard) => shard.done).reduce((sum, shard) => sum + shard.end - shard.start, 0);
  onProgress?.({ stage: 'embed', done, total: dataset.count });
  const advance = (items: number) => {
    done += items;
    onProgress?.({ stage: 'embed', done, total: dataset.count });
  };
  const todo = shards.filter((shard) => !shard.done);
  if (todo.length > 0) {
    const session = backbone && (await backbone.openSession({ threads: threads ?? defaultThreads() }));
    // A shard is written while the next one is embedded; one at a time bounds the memory.
    let writing: Promise<void> = Promise.resolve();
    try {
      for (const shard of todo) {
        const items: Item[] = [];
        for await (const item of dataset.items(shard)) items.push(item);
        const content =
          backbone && session
            ? await embedShard(items, backbone, session, settings.batchSize, signal, advance)
            : rawShard(items, signal, advance);
        await writing;
        writing = writer.writeShard(shard.index, dropNonFinite(content, items));
        writing.catch(() => undefined); // awaited above or below, where it is thrown
      }
      await writing;
    } finally {
      await writing.catch(() => undefined);
      await session?.close();
    }
  }
  const rows: Row[] = [];
  const labels = new Map<string, string | null>();
  for await (const { id, source, label, group, weight } of dataset) {
    rows.push({ id, source, label, ...(group !== undefined && { group }), ...(weight !== undefined && { weight }) });
    labels.set(id, label);
  }
  assertFewFailures(
    writer.manifest.shards.flatMap((shard) => shard.failures),
    labels,
    settings.maxFailRate,
  );
  return writer.finish({ rows });
}

const embedOptionsWithOut = {
  ...embedOptions,
  out: custom<string>({
    accepts: 'a folder',
    default: '',
    help: embedOptions.out.help,
    check: (value) => typeof value === 'string' && value !== '',
  }),
};

function assertFits(dataset: Dataset, backbone: Backbone | null): void {
  if (backbone === null) {
    if (dataset.modality === 'table') return;
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a backbone for the ${dataset.modality} dataset ${dataset.name} but received none. Only tables are their own embedding`,
    );
  }
  if (backbone.modality !== dataset.modality)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a backbone for ${dataset.modality} items (dataset ${dataset.name}) but ${backbone.id} takes ${backbone.modality}`,
    );
}

async function embedShard(
  items: readonly Item[],
  backbone: Backbone,
  session: EmbeddingSession,
  batchSize: number,
  signal: AbortSignal | undefined,
  advance: (items: number) => void,
): Promise<ShardContent> {
  session.openShard(items.length);
  const preprocessor = backbone.preprocessor();
  const ids: string[] = [];
  const failures: Failure[] = [];
  const running: Promise<void>[] = [];
  for (let start = 0; start < items.length; start += batchSize) {
    throwIfAborted(signal, 'embedding');
    const batch = items.slice(start, start + batchSize);
    const prepared = await preprocessor.batch(batch.map((item) => item.content));
    const at = ids.length;
    for (const { index, error } of prepared.failures) failures.push(failureOf(batch[index] as Item, error));
    for (const index of prepared.kept) ids.push((batch[index] as Item).id);
    if (prepared.count > 0) {
      const run = session.run({ inputs: prepared.inputs, count: prepared.count, at }).then(() => advance(batch.length));
      run.catch(() => undefined); // awaited below, where it is thrown
      running.push(run);
    } else advance(batch.length);
    if (running.length >= inFlight) await running.shift();
  }
  for (const run of running) await run;
  const data = await session.takeShard(ids.length);
  return { ids, embeddings: { data, rows: ids.length, cols: backbone.dim }, failures };
}

function rawShard(
  items: readonly Item[],
  signal: AbortSignal | undefined,
  advance: (items: number) => void,
): ShardContent {
  throwIfAborted(signal, 'reading the table');
  const rows = items.map(({ id, content }) => {
    if (content.kind !== 'row')
      throw new EquipoiseError('ERR_DATA', `Expected numbers for row ${id} of a table but received ${content.kind}`);
    return content.values;
  });
  const cols = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * cols);
  rows.forEach((values, row) => data.set(values, row * cols));
  advance(items.length);
  return { ids: items.map(({ id }) => id), embeddings: { data, rows: rows.length, cols }, failures: [] };
}

const failureOf = ({ id, source }: Item, error: Error): Failure => ({ id, source, reason: error.message });

/** A backbone may overflow on a strange input; such a row is a failed item, not a poisoned store. */
function dropNonFinite(content: ShardContent, items: readonly Item[]): ShardContent {
  const { data, rows, cols } = content.embeddings;
  const finite = (row: number) => {
    for (let i = row * cols; i < (row + 1) * cols; i++) if (!Number.isFinite(data[i])) return false;
    return true;
  };
  const kept = Array.from({ length: rows }, (_, row) => row).filter(finite);
  if (kept.length === rows) return content;
  const byId = new Map(items.map((item) => [item.id, item]));
  const gone = content.ids.filter((_, row) => !finite(row));
  const failures = gone.map((id) =>
    failureOf(byId.get(id) as Item, new Error('its embedding has a NaN or infinite value')),
  );
  const embeddings: Dense = { data: new Float32Array(kept.length * cols), rows: kept.length, cols };
  kept.forEach((row, to) => embeddings.data.set(data.subarray(row * cols, (row + 1) * cols), to * cols));
  return {
    ids: kept.map((row) => content.ids[row] as string),
    embeddings,
    failures: [...(content.failures ?? []), ...failures],
  };
}
