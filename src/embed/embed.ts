/** Dataset × backbone → store, shard by shard: decode, run and write overlap, and whatever is done stays done. */

import { runtimeVersion, type Backbone, type EmbeddingSession } from '../backbone/index.js';
import { defaultThreads } from '../kernels/index.js';
import { EquipoiseError, expected, throwIfAborted } from '../core/errors.js';
import type { Dataset, Item } from '../core/item.js';
import { takeRows, type Dense } from '../core/matrix.js';
import { integer, number, choice, boolean, resolveOptions } from '../core/options.js';
import type { OnProgress } from '../core/progress.js';
import { copiesOf, type Augment, type Copies, type MadeCopies } from './augment.js';
import { createStore, type EmbeddingStore, type Failure, type Row, type ShardContent } from '../store/index.js';
import { assertFewFailures } from './failures.js';

/** The settings that are plain values; each is a flag of the command line. */
export const embedOptions = {
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
  /**
   * Altered copies of the items, made by an augmenter or beforehand, embedded beside them with the item as parent; splits keep them in
   * training rows.
   */
  readonly augment?: Augment | MadeCopies;
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
  const { out, augment, threads, classNames, signal, onProgress, ...rest } = options;
  if (typeof out !== 'string' || out === '') throw expected('a folder', 'embed.out', out);
  const settings = resolveOptions('embed', embedOptions, rest);
  assertFits(dataset, backbone);
  const copies = augment && (await copiesOf(augment, dataset));
  const writer = await createStore(out, {
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
    ...(copies && { augmentation: copies.settings }),
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
        throwIfAborted(signal, 'embedding');
        const items: Item[] = [];
        for await (const item of dataset.items(shard)) items.push(item);
        const content =
          backbone && session
            ? await embedShard(items, { backbone, session, batchSize: settings.batchSize, copies, signal, advance })
            : rawShard(items, advance);
        await writing;
        writing = writer.writeShard(shard.index, content);
        writing.catch(() => undefined); // awaited above or below, where it is thrown
      }
      await writing;
    } finally {
      await writing.catch(() => undefined);
      await session?.close();
    }
  }
  await writer.writeFailures();
  const failures = writer.manifest.shards.flatMap((shard) => shard.failures);
  const failed = new Set(failures.map(({ id }) => id));
  const rows: Row[] = [];
  const labels = new Map<string, string | null>();
  for await (const { id, source, label, group, weight } of dataset) {
    labels.set(id, label);
    if (failed.has(id)) continue;
    for (const name of [id, ...(copies?.idsOf(id) ?? [])])
      rows.push({
        id: name,
        source,
        label,
        ...(group !== undefined && { group }),
        ...(weight !== undefined && { weight }),
      });
  }
  assertFewFailures(
    failures.filter(({ parent }) => parent === undefined),
    labels,
    settings.maxFailRate,
    'All are in failures.jsonl of the store; repair them, or allow more with maxFailRate (--max-fail-rate), and run the same command again',
  );
  return writer.finish({ rows });
}

/** @throws ERR_OPTION for a backbone that takes other items than the dataset has. */
export function assertFits(dataset: Pick<Dataset, 'name' | 'modality'>, backbone: Backbone | null): void {
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

interface ShardWork {
  readonly backbone: Backbone;
  readonly session: EmbeddingSession;
  readonly batchSize: number;
  readonly copies: Copies | undefined;
  readonly signal: AbortSignal | undefined;
  advance(items: number): void;
}

async function embedShard(
  items: readonly Item[],
  { backbone, session, batchSize, copies, signal, advance }: ShardWork,
): Promise<ShardContent> {
  const perItem = 1 + (copies?.most ?? 0);
  session.openShard(items.length * perItem);
  const preprocessor = backbone.preprocessor();
  const embedded: Item[] = [];
  const failures: Failure[] = [];
  const running: Promise<void>[] = [];
  const step = Math.max(1, Math.floor(batchSize / perItem));
  for (let start = 0; start < items.length; start += step) {
    throwIfAborted(signal, 'embedding');
    const originals = items.slice(start, start + step);
    const batch = copies ? await copies.beside(originals) : originals;
    const prepared = await preprocessor.batch(batch.map((item) => item.content));
    const at = embedded.length;
    for (const { index, error } of prepared.failures) failures.push(failureOf(batch[index] as Item, error.message));
    for (const index of prepared.kept) embedded.push(batch[index] as Item);
    if (prepared.count > 0) {
      const run = session
        .run({ inputs: prepared.inputs, count: prepared.count, at })
        .then(() => advance(originals.length));
      run.catch(() => undefined); // awaited below, where it is thrown
      running.push(run);
    } else advance(originals.length);
    if (running.length >= inFlight) await running.shift();
  }
  for (const run of running) await run;
  const data = await session.takeShard(embedded.length);
  return soundRows(embedded, { data, rows: embedded.length, cols: backbone.dim }, failures, copies !== undefined);
}

function rawShard(items: readonly Item[], advance: (items: number) => void): ShardContent {
  const rows = items.map(({ id, content }) => {
    if (content.kind !== 'row')
      throw new EquipoiseError('ERR_DATA', `Expected numbers for row ${id} of a table but received ${content.kind}`);
    return content.values;
  });
  const cols = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * cols);
  rows.forEach((values, row) => data.set(values, row * cols));
  advance(items.length);
  return soundRows(items, { data, rows: rows.length, cols }, [], false);
}

const failureOf = ({ id, source, parent }: Item, reason: string): Failure => ({
  id,
  source,
  reason,
  ...(parent !== undefined && { parent }),
});

/**
 * The rows that go into the store. A backbone may overflow on a strange input: such a row is a failed item, not a poisoned
 * store. Copies of a failed item go with it.
 */
function soundRows(
  items: readonly Item[],
  embeddings: Dense,
  failures: readonly Failure[],
  augmented: boolean,
): ShardContent {
  const { data, cols } = embeddings;
  const isFinite = (row: number) => {
    for (let i = row * cols; i < (row + 1) * cols; i++) if (!Number.isFinite(data[i])) return false;
    return true;
  };
  const broken = items
    .filter((_, row) => !isFinite(row))
    .map((item) => failureOf(item, 'Its embedding has a NaN or infinite value'));
  const all = [...failures, ...broken];
  const failed = new Set(all.map(({ id }) => id));
  const gone = ({ id, parent }: Item) => failed.has(id) || (parent !== undefined && failed.has(parent));
  const rows = [...items.keys()].filter((row) => !gone(items[row] as Item));
  const kept = rows.map((row) => items[row] as Item);
  return {
    ids: kept.map(({ id }) => id),
    embeddings: rows.length === items.length ? embeddings : takeRows(embeddings, rows),
    ...(augmented && { parents: kept.map(({ parent }) => parent ?? null) }),
    // Of a failed item and its copies the item is told alone.
    failures: all.filter(({ parent }) => parent === undefined || !failed.has(parent)),
  };
}
