/** Shuffled, balanced mini-batches on the fly, of a set in memory or of a store that is larger than it. */

import { asTraining, fromArrays, type Part, type TrainingSet } from '../core/embedding-set.js';
import { EquipoiseError, expected, throwIfAborted } from '../core/errors.js';
import { dense, matrix, type Matrix } from '../core/matrix.js';
import { custom, integer, resolveOptions } from '../core/options.js';
import { createRng, type Rng } from '../core/rng.js';
import { loadKernels, type Kernels } from '../kernels/index.js';
import { createSampler, type Sampler } from '../sampler/index.js';
import { layOutRows, type TrainingRows } from './rows.js';

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
  readonly classNames: readonly string[];
  readonly dim: number;
  readonly resampled: boolean;
  readonly manifest: { readonly part: Part | null };
  rows(): Promise<readonly { readonly id: string; readonly label: string | readonly string[] | null }[]>;
  readSplit(name: string): Promise<{ readonly parts: ReadonlyMap<string, Part> }>;
  windows(): AsyncIterable<{ readonly start: number; readonly embeddings: Matrix }>;
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
    help: 'for a store: room for rows that wait for their batch; small: the store is read more often',
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

/** The rows that training may visit, with labels only: what a sampler that reads no embeddings needs. */
async function trainingRowsOf(store: BatchStore, split: string | null | undefined) {
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
  const parts = split ? (await store.readSplit(split)).parts : undefined;
  const rows: number[] = [];
  const labels: string[] = [];
  for (const [row, { id, label }] of (await store.rows()).entries()) {
    if (label === null || (parts && parts.get(id) !== 'train')) continue;
    if (typeof label !== 'string')
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected one label a row for balancedBatches but row ${JSON.stringify(id)} has a list of them`,
      );
    rows.push(row);
    labels.push(label);
  }
  const { classNames } = store;
  const nothing = { data: new Float32Array(0), shape: [rows.length, 0] };
  return { rows: Int32Array.from(rows), set: asTraining(fromArrays(nothing, labels, { classNames })) };
}

/**
 * Mini-batches in which every class has its share, shuffled, for a training loop of one's own.
 *
 * The same seed and epoch give the same batches, from a set and from a store of the same rows alike. Classes are spread evenly over an
 * epoch: where they have equal totals and `batchSize` is a multiple of their number, every batch holds equally many of each.
 *
 * Of a store only the rows of one stretch of batches are in memory (`memoryBytes`); each stretch reads the store once.
 *
 * @param source a training set, or a store; a store takes only samplers that read no embeddings, such as the default one.
 * @throws ERR_OPTION for options, ERR_DATA for rows that are not training rows; ERR_ABORTED by the signal.
 *
 * @example
 * for await (const { embeddings, labels } of balancedBatches(train, { batchSize: 100 })) step(embeddings, labels);
 */
export function balancedBatches(
  source: TrainingSet | BatchStore,
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
  const inMemory = 'embeddings' in source;
  if (inMemory && split !== undefined)
    throw expected('none for a set', 'balancedBatches.split', split, 'Pass split(set).train');
  if (!inMemory && sampler.reads !== 'labels')
    throw expected(
      'a sampler that reads no embeddings for a store, such as random-over-sampling',
      'balancedBatches.sampler',
      sampler.name,
      'Read the training part with store.read and pass the set',
    );

  async function plan() {
    throwIfAborted(signal, 'planning balanced batches');
    const { rows, set } = inMemory ? { rows: undefined, set: source } : await trainingRowsOf(source, split);
    const used = kernels ?? loadKernels();
    const planned = await sampler.plan(set, { draw: epoch, kernels: used, ...(signal && { signal }) });
    if (rows && planned.extra)
      throw expected(
        'rows of the store only',
        'balancedBatches.sampler',
        sampler.options,
        `${sampler.name} makes rows of its own with these options`,
      );
    const table = layOutRows(set, planned, undefined, used);
    const order = spreadEvenly(table.label, set.classNames.length, createRng(seed, `balanced-batches/${epoch}`));
    return { rows, table, order, used };
  }
  let known: ReturnType<typeof plan> | undefined;
  const planOnce = () =>
    (known ??= plan().catch((error: unknown) => {
      known = undefined;
      throw error;
    }));

  /** `data` holds the rows of the visits, which name rows of the table. */
  function toBatch(
    index: number,
    { label, otherLabel, labelWeight }: TrainingRows,
    visits: Int32Array,
    data: Float32Array,
  ) {
    const pick = <T extends Int32Array | Float32Array>(values: T, out: T): T => {
      visits.forEach((row, i) => (out[i] = values[row] as number));
      return out;
    };
    const { length } = visits;
    return {
      index,
      embeddings: matrix(data, length, data.length / length),
      labels: pick(label, new Int32Array(length)),
      ...(otherLabel && { otherLabels: pick(otherLabel, new Int32Array(length)) }),
      ...(labelWeight && { labelWeights: pick(labelWeight, new Float32Array(length)) }),
    };
  }

  async function* fromSet(): AsyncGenerator<BalancedBatch, void, undefined> {
    const { table, order, used } = await planOnce();
    const { x, cols, base, other, step } = table;
    for (let start = 0, index = 0; start < order.length; start += batchSize, index++) {
      throwIfAborted(signal, 'making balanced batches');
      const visits = order.subarray(start, start + batchSize);
      const out = new Float32Array(visits.length * cols);
      if (cols > 0)
        used.interpolate({
          x,
          cols,
          base: visits.map((row) => base[row] as number),
          other: visits.map((row) => other[row] as number),
          step: Float32Array.from(visits, (row) => step[row] as number),
          out,
        });
      yield toBatch(index, table, visits, out);
    }
  }

  async function* fromStore(store: BatchStore): AsyncGenerator<BalancedBatch, void, undefined> {
    const { rows, table, order } = await planOnce();
    const { dim } = store;
    const stretch = batchSize * Math.max(1, Math.floor(memoryBytes / (4 * dim * batchSize)));
    for (let start = 0, index = 0; start < order.length; start += stretch) {
      const visits = order.subarray(start, start + stretch);
      const wanted = visits.map((row) => (rows as Int32Array)[table.base[row] as number] as number);
      const gathered = await gather(store, wanted);
      for (let at = 0; at < visits.length; at += batchSize, index++) {
        const end = Math.min(visits.length, at + batchSize);
        yield toBatch(index, table, visits.subarray(at, end), gathered.slice(at * dim, end * dim));
      }
    }
  }

  /** The wanted rows, in that order, in one pass over the store. */
  async function gather(store: BatchStore, wanted: Int32Array): Promise<Float32Array> {
    const { dim } = store;
    const gathered = new Float32Array(wanted.length * dim);
    const rising = Int32Array.from(wanted.keys()).sort((a, b) => (wanted[a] as number) - (wanted[b] as number));
    let next = 0;
    for await (const { start, embeddings } of store.windows()) {
      throwIfAborted(signal, 'making balanced batches');
      const { data, rows } = dense(embeddings);
      for (; next < rising.length; next++) {
        const to = rising[next] as number;
        const row = (wanted[to] as number) - start;
        if (row >= rows) break;
        gathered.set(data.subarray(row * dim, (row + 1) * dim), to * dim);
      }
      if (next === rising.length) break;
    }
    return gathered;
  }

  return {
    steps: async () => Math.ceil((await planOnce()).order.length / batchSize),
    [Symbol.asyncIterator]: () => (inMemory ? fromSet() : fromStore(source)),
  };
}
