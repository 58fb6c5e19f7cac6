/** Shuffled, balanced mini-batches on the fly, of a set in memory or of a store that is larger than it. */

import {
  asTraining,
  withoutEmbeddings,
  type AnyTrainingSet,
  type DiskSet,
  type DiskTrainingSet,
  type Part,
} from '../core/embedding-set.js';
import { EquipoiseError, expected, throwIfAborted } from '../core/errors.js';
import { matrix, type Matrix } from '../core/matrix.js';
import { custom, integer, resolveOptions } from '../core/options.js';
import { createRng, type Rng } from '../core/rng.js';
import { loadKernels, type Kernels } from '../kernels/index.js';
import { createSampler, type Sampler } from '../sampler/index.js';
import { layOutRows, recipesOf } from './rows.js';
import { createStretches } from './stretches.js';

export interface BalancedBatch {
  /** From 0. */
  readonly index: number;
  /** (rows, d); its own memory. */
  readonly embeddings: Matrix;
  readonly labels: Int32Array;
  /** Of samplers with soft labels: the second class of each row and the share of the first. */
  readonly otherLabels?: Int32Array;
  readonly labelWeights?: Float32Array;
}

/** One epoch; iterating again gives the same batches again. */
export interface BalancedBatches extends AsyncIterable<BalancedBatch> {
  /** How many batches there are; only the last may be smaller than `batchSize`. */
  steps(): Promise<number>;
}

/** What is read of a store; `EmbeddingStore` is one. */
export interface BatchStore {
  readonly resampled: boolean;
  readonly manifest: { readonly part: Part | null };
  onDisk(options: { split?: string; part?: Part; memoryBytes: number }): Promise<DiskSet>;
}

const optional = <T>(accepts: string, help: string, check: (value: unknown) => boolean) =>
  custom<T | undefined>({ accepts, default: undefined, help, check });

const rules = {
  batchSize: integer({
    min: 1,
    default: 256,
    help: 'rows a batch; small: noisy steps; large: few of them. A multiple of the number of classes makes every batch exactly balanced',
  }),
  seed: integer({ min: 0, default: 0, help: 'order and samples follow from it: same seed and epoch, same batches' }),
  epoch: integer({ min: 0, default: 0, help: 'which epoch: each has an order, and samples, of its own' }),
  sampler: optional<Sampler>(
    'a sampler of createSampler',
    'which rows there are; by default random over-sampling of every class to the largest',
    (value) => typeof (value as Sampler | null)?.plan === 'function',
  ),
  split: optional<string | null>(
    'the name of a split, or null',
    'for a store: the split whose training part is used; null says that all its rows are training rows',
    (value) => value === null || (typeof value === 'string' && value !== ''),
  ),
  memoryBytes: integer({
    min: 1,
    default: 256 * 2 ** 20,
    help: 'for a store: room for rows that wait for their batch, or that a sampler searches; small: the store is read more often',
  }),
  signal: optional<AbortSignal>('an AbortSignal', 'stops the batches', (value) => value instanceof AbortSignal),
  kernels: optional<Kernels>(
    'kernels from loadKernels()',
    'backend to use',
    (value) => typeof (value as Kernels | null)?.interpolate === 'function',
  ),
};

export type BalancedBatchesOptions = Partial<{
  readonly batchSize: number;
  readonly seed: number;
  readonly epoch: number;
  readonly sampler: Sampler;
  readonly split: string | null;
  readonly memoryBytes: number;
  readonly signal: AbortSignal;
  readonly kernels: Kernels;
}>;

/**
 * An order of all rows in which classes are spread evenly: of c classes of one size, every c rows in a row are one of each.
 */
function spreadEvenly(labels: Int32Array, classes: number, rng: Rng): Int32Array {
  const sizes = new Int32Array(classes);
  for (const label of labels) sizes[label]!++;
  const ranks = new Int32Array(classes);
  const places = new Float64Array(labels.length);
  const draws = rng.at(1);
  const order = rng.permutation(labels.length);
  // The row of rank r among the m of its class goes anywhere in the r-th m-th of the epoch.
  for (const row of order) {
    const label = labels[row] as number;
    places[row] = (ranks[label]!++ + draws.uniform()) / (sizes[label] as number);
  }
  return order.sort((a, b) => (places[a] as number) - (places[b] as number) || a - b);
}

/** The rows of a store that training may visit. */
async function trainingRowsOf(
  store: BatchStore,
  split: string | null | undefined,
  memoryBytes: number,
): Promise<DiskTrainingSet> {
  const { part } = store.manifest;
  if (store.resampled || part === 'validation' || part === 'test')
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a store of training rows for balancedBatches but it holds ${store.resampled ? 'resampled rows' : `the ${part} part of a split`}`,
    );
  if (split === undefined && part !== 'train')
    throw expected(
      'the name of a split',
      'balancedBatches.split',
      split,
      'Its training part is used; null: all rows of the store are training rows',
    );
  return asTraining(await store.onDisk({ ...(split && { split, part: 'train' as const }), memoryBytes }));
}

/**
 * Mini-batches in which every class has its share, shuffled, for a training loop of one's own.
 *
 * The same seed and epoch give the same batches, from a set and from a store of the same rows alike. Classes are spread evenly over an
 * epoch: where they have equal totals and `batchSize` is a multiple of their number, every batch holds equally many of each.
 *
 * Of a store, or a set on disk, only the rows of one stretch of batches are in memory (`memoryBytes`), read where they lie; so are the
 * rows that a sampler searches for. Samplers that look at all rows at once, as their `plan` says, need a set in memory.
 *
 * @param source a training set, or a store.
 * @throws ERR_OPTION for options, ERR_DATA for rows that are not training rows; ERR_ABORTED by the signal.
 *
 * @example
 * for await (const { embeddings, labels } of balancedBatches(train, { batchSize: 100 })) step(embeddings, labels);
 */
export function balancedBatches(
  source: AnyTrainingSet | BatchStore,
  options: BalancedBatchesOptions = {},
): BalancedBatches {
  const {
    batchSize,
    seed,
    epoch,
    sampler: given,
    split,
    memoryBytes,
    signal,
    kernels,
  } = resolveOptions('balancedBatches', rules, options);
  const sampler = given ?? createSampler('random-over-sampling', { seed });
  const isStore = 'onDisk' in source;
  if (!isStore && split !== undefined)
    throw expected('none for a set', 'balancedBatches.split', split, 'Pass split(set).train');

  async function plan() {
    throwIfAborted(signal, 'planning balanced batches');
    const train = isStore ? await trainingRowsOf(source, split, memoryBytes) : source;
    const used = kernels ?? loadKernels();
    const planned = await sampler.plan(train, { draw: epoch, kernels: used, ...(signal && { signal }) });
    const set = 'rows' in train ? withoutEmbeddings(train, 'balancedBatches with such a sampler') : train;
    const table = layOutRows(set, planned, undefined, used);
    const order = spreadEvenly(table.label, set.classNames.length, createRng(seed, `balanced-batches/${epoch}`));
    return { table, order, used };
  }
  let known: ReturnType<typeof plan> | undefined;
  const planOnce = () =>
    (known ??= plan().catch((error: unknown) => {
      known = undefined;
      throw error;
    }));

  async function* batches(): AsyncGenerator<BalancedBatch, void, undefined> {
    const { table, order, used } = await planOnce();
    for await (const stretch of createStretches()({ table, order }, batchSize)) {
      const { x, cols, label, otherLabel, labelWeight } = stretch.table;
      for (let at = 0; at < stretch.order.length; at += batchSize) {
        throwIfAborted(signal, 'making balanced batches');
        const visits = stretch.order.subarray(at, at + batchSize);
        const ids = (values: Int32Array) => visits.map((row) => values[row] as number);
        const numbers = (values: Float32Array) => Float32Array.from(visits, (row) => values[row] as number);
        const out = new Float32Array(visits.length * cols);
        if (cols > 0) used.interpolate({ x, cols, ...recipesOf(stretch.table, visits), out });
        yield {
          index: (stretch.start + at) / batchSize,
          embeddings: matrix(out, visits.length, cols),
          labels: ids(label),
          ...(otherLabel && { otherLabels: ids(otherLabel) }),
          ...(labelWeight && { labelWeights: numbers(labelWeight) }),
        };
      }
    }
  }

  return {
    steps: async () => Math.ceil((await planOnce()).order.length / batchSize),
    [Symbol.asyncIterator]: batches,
  };
}
