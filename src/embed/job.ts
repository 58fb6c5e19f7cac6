/** An embedding job: what its store is, and how any one shard of it is made, in this process or another. */

import { runtimeVersion, type Backbone } from '../backbone/index.js';
import { EquipoiseError, throwIfAborted } from '../core/errors.js';
import type { Dataset, Item, Label } from '../core/item.js';
import { integer, resolveOptions } from '../core/options.js';
import { defaultThreads } from '../kernels/index.js';
import {
  shardRanges,
  writeShard,
  type BatchBounds,
  type EmbeddedRows,
  type CreateStoreOptions,
  type EmbeddingStore,
  type Manifest,
  type Row,
  type ShardEntry,
  type ShardRange,
  type StoreWriter,
} from '../store/index.js';
import { copiesOf, type Augment, type Copies, type MadeCopies } from './augment.js';
import { openEmbedder, type Embedder, type EmbedItemsOptions } from './embedder.js';
import { assertFewFailed, assertFewFailures } from './failures.js';
import { isKnown, withKnown } from './known-rows.js';
import { rawRows } from './sound-rows.js';

/** What bounds a batch; each is a flag of the command line. */
export const batchOptions = {
  batchSize: integer({
    min: 0,
    max: 65536,
    default: 0,
    help: 'items a backbone run; 0: 2 for images, which leaves the processor cache to them, 4 where the graph is larger than 32 MiB, 1 where integer or float16 arithmetic may depend on the batch, 32 for texts; larger: more memory, rarely faster',
  }),
  tokenBudget: integer({
    min: 1,
    max: 2 ** 24,
    default: 4096,
    help: 'tokens a backbone run, padding included, for texts; small: many runs; large: more memory, rarely faster',
  }),
};

export interface JobOptions {
  readonly batchSize?: number;
  /** For texts, which are run beside others of about their length. */
  readonly tokenBudget?: number;
  /**
   * Altered copies of the items, made by an augmenter or beforehand, embedded beside them with the item as parent; splits keep
   * them in training rows.
   */
  readonly augment?: Augment | MadeCopies;
  /** Processor threads of the backbone; default: what this process may use. */
  readonly threads?: number;
  /** Class table, where it is known beforehand; default: the names that occur. */
  readonly classNames?: readonly string[];
  /** Embeddings to take over in place of making them again. */
  readonly known?: EmbeddedRows;
}

export interface EmbedJob extends AsyncDisposable {
  /** For `createStore`: the same in every process that opens the same job. */
  readonly store: CreateStoreOptions;
  /**
   * Makes shard `index` of the store: its file, lasting once the promise resolves, and the entry that the manifest is to list
   * (`StoreWriter.addShard`), failed items included. The manifest is only read, so any process may do it, again too: the bytes
   * depend on the items of the shard, the recipe and the bounds of a batch, and on nothing else on the same kind of machine.
   *
   * Calls may overlap, and should by two: one shard is written while the next one is embedded.
   *
   * @throws ERR_ABORTED once the signal is aborted; ERR_ENVIRONMENT from the store or without onnxruntime-node.
   */
  embedShard(
    place: { readonly dir: string; readonly manifest: Manifest },
    index: number,
    options?: EmbedItemsOptions,
  ): Promise<ShardEntry>;
  /**
   * Looks at the shards that are done so far.
   * @throws ERR_DATA when more items failed in them than `maxFailRate` allows of the whole, so that going on is in vain.
   */
  assertWorthwhile(writer: StoreWriter, options: { readonly maxFailRate: number }): Promise<void>;
  /**
   * Completes a store that has all its shards.
   * @throws ERR_DATA when more than `maxFailRate` of the items, overall or of one class, failed.
   */
  finish(writer: StoreWriter, options: { readonly maxFailRate: number }): Promise<EmbeddingStore>;
  close(): Promise<void>;
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

/** Weights of larger graphs are read from memory again at every run, which images had better share. */
const LARGE_GRAPH_BYTES = 2 ** 25;

function imagesARun(backbone: Backbone): number {
  // An image must not depend on the one beside it.
  if (backbone.precision === 'reduced') return 1;
  return backbone.graph().length > LARGE_GRAPH_BYTES ? 4 : 2;
}

function boundsOf(backbone: Backbone, { batchSize, tokenBudget }: JobOptions): BatchBounds {
  const given = { ...(batchSize !== undefined && { batchSize }), ...(tokenBudget !== undefined && { tokenBudget }) };
  const settings = resolveOptions('embed', batchOptions, given);
  if (backbone.modality === 'text') return { items: settings.batchSize || 32, tokens: settings.tokenBudget };
  if (tokenBudget !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected no tokenBudget for ${backbone.id}, which takes ${backbone.modality} items. Bound its batches with batchSize`,
    );
  return { items: settings.batchSize || imagesARun(backbone) };
}

/**
 * Opens the job of embedding a dataset. The backbone's thread starts with the first shard.
 *
 * @param backbone null for a table, whose columns are the embedding.
 * @throws ERR_OPTION for options that do not go with the dataset or the backbone.
 */
export async function openJob(dataset: Dataset, backbone: Backbone | null, options: JobOptions): Promise<EmbedJob> {
  assertFits(dataset, backbone);
  const { augment, threads, classNames, known } = options;
  const copies = augment && (await copiesOf(augment, dataset));
  const bounds = backbone && boundsOf(backbone, options);
  let embedder: Promise<Embedder> | undefined;
  const embedderOf = (opened: Backbone) =>
    (embedder ??= openEmbedder(opened, {
      threads: threads ?? defaultThreads(),
      bounds: bounds as BatchBounds,
      copies,
    }));
  const close = async () => {
    await (await embedder?.catch(() => undefined))?.close();
  };
  return {
    store: {
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
      ...(bounds && { batch: bounds }),
      ...(threads !== undefined && { threads }),
      ...(backbone && { runtime: runtimeVersion() }),
    },
    async embedShard(place, index, shardOptions = {}) {
      const { start, end } = shardRanges(place.manifest)[index] as ShardRange;
      throwIfAborted(shardOptions.signal, 'embedding');
      const items: Item[] = [];
      for await (const item of dataset.items({ start, end })) items.push(item);
      if (backbone) {
        const fresh = known ? items.filter((item) => !isKnown(known, item, copies)) : items;
        const embedder = await embedderOf(backbone);
        const made = await embedder.embed(fresh, shardOptions);
        shardOptions.onItems?.(items.length - fresh.length);
        return writeShard(place, index, known ? await withKnown(items, made, known, copies) : made);
      }
      shardOptions.onItems?.(items.length);
      return writeShard(place, index, rawRows(items));
    },
    async assertWorthwhile(writer, { maxFailRate }) {
      const failures = failedItems(writer);
      if (failures.length <= maxFailRate * dataset.count) return;
      await writer.writeFailures();
      assertFewFailed(failures, dataset.count, maxFailRate, howToRepair);
    },
    finish: (writer, { maxFailRate }) => finish(dataset, copies, writer, maxFailRate),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const howToRepair =
  'All are in failures.jsonl of the store; repair them and run the same command with --retry-failed, or allow more with maxFailRate (--max-fail-rate)';

/** Without copies that failed where their item did not. */
const failedItems = ({ manifest }: StoreWriter) =>
  manifest.shards.flatMap(({ failures }) => failures).filter(({ parent }) => parent === undefined);

async function finish(
  dataset: Dataset,
  copies: Copies | undefined,
  writer: StoreWriter,
  maxFailRate: number,
): Promise<EmbeddingStore> {
  await writer.writeFailures();
  const failures = writer.manifest.shards.flatMap((shard) => shard.failures);
  const failed = new Set(failures.map(({ id }) => id));
  const rows: Row[] = [];
  const labels = new Map<string, Label>();
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
  assertFewFailures(failedItems(writer), labels, maxFailRate, howToRepair);
  return writer.finish({ rows });
}
