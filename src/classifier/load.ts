/** A classifier file → predictions. */

import { availableParallelism } from 'node:os';
import {
  createItemPreprocessor,
  openModelSession,
  type Feeds,
  type ItemPreprocessor,
  type ModelSession,
  type PreparedBatch,
} from '../backbone/index.js';
import type { Column } from '../core/embedding-set.js';
import { EquipoiseError, expected, throwIfAborted } from '../core/errors.js';
import type { Item, ItemContent } from '../core/item.js';
import type { TargetKind } from '../core/targets.js';
import { dense, type MatrixLike } from '../core/matrix.js';
import { decideClasses, decideLabels, thresholdsOf, type Decision } from '../head/index.js';
import { describeModel, readModelFile, subgraph, writeModel, type OnnxModel } from '../onnx/index.js';
import { inBatches, oneAhead } from './batches.js';
import { mapColumns } from './columns.js';
import { readDocument, type BackboneNote, type ClassifierRecipe, type RowRecipe } from './document.js';

export interface Prediction {
  readonly id: string;
  /** The class that the classifier decides for, the most probable one unless a decision rule was fitted; of `labels`, where there are such, the most probable; null where the item failed or has none of them. */
  readonly label: string | null;
  /** Of a classifier of items with any number of labels: those predicted. */
  readonly labels?: readonly string[];
  /** By class name, calibrated where that was fitted; empty where the item failed. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** Why there is no label. */
  readonly error?: string;
}

export interface PredictOptions {
  /** Items of one run; default 32. Float16 and integer graphs may give slightly other numbers with another one. */
  readonly batchSize?: number;
  /** Default all. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export interface Classifier extends AsyncDisposable {
  readonly classNames: readonly string[];
  readonly modality: 'image' | 'text' | 'table';
  /** Length of an embedding. */
  readonly dim: number;
  readonly recipe: ClassifierRecipe;
  /** Whether an item has one of the classes, or any number of them. */
  readonly targets: TargetKind;
  /** Where a class is predicted from another probability than 0.5 on. */
  readonly thresholds?: readonly number[];
  readonly backbone?: BackboneNote;
  /** How logits are calibrated and classes decided for, where that was fitted. */
  readonly decision?: Decision;
  /** How the head was trained. */
  readonly settings?: unknown;
  /** Predictions in the order of the items; a bad item gets one with `error`. */
  predict(items: Items, options?: PredictOptions): AsyncGenerator<Prediction>;
  /** The head alone: (n, dim) embeddings → n · classes logits. */
  logits(x: MatrixLike): Promise<Float32Array>;
  /** The class id of each row of such logits; with `many`, 1 or 0 for each class of each row. */
  decide(logits: Float32Array): Int32Array;
  close(): Promise<void>;
}

/** A `Dataset` tells the columns of its rows too. */
type Items = (Iterable<Item> | AsyncIterable<Item>) & { readonly columns?: readonly Column[] };

/** Rows of a table as the batches that items of other kinds become. */
function rowItems(recipe: RowRecipe, given: readonly Column[] | undefined, where: string): ItemPreprocessor {
  const map = mapColumns(recipe.columns, given, recipe.dim, where);
  const toRow = (content: ItemContent): Float32Array => {
    if (content.kind !== 'row')
      throw new EquipoiseError('ERR_DATA', `Expected a row of numbers but received an item of kind ${content.kind}`);
    const row = map(content.values);
    const bad = row.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new EquipoiseError('ERR_DATA', `The row has a non-finite value (${row[bad]}) in column ${bad}`);
    return row;
  };
  return {
    async batch(contents) {
      const data = new Float32Array(contents.length * recipe.dim);
      const kept: number[] = [];
      const failures: { index: number; error: EquipoiseError }[] = [];
      contents.forEach((content, index) => {
        try {
          data.set(toRow(content), kept.length * recipe.dim);
          kept.push(index);
        } catch (error) {
          if (!(error instanceof EquipoiseError)) throw error;
          failures.push({ index, error });
        }
      });
      const embedding = { data: data.subarray(0, kept.length * recipe.dim), dims: [kept.length, recipe.dim] };
      return { inputs: { embedding }, count: kept.length, kept, failures };
    },
  };
}

/** Both halves of one batch, in the order of its items. */
function predictions(
  items: readonly Item[],
  { kept, failures }: PreparedBatch,
  outputs: Feeds,
  { classNames, targets }: Pick<Classifier, 'classNames' | 'targets'>,
): Prediction[] {
  const probabilities = (outputs['probabilities']?.data as Float32Array | undefined) ?? new Float32Array(0);
  // The first files name no class: theirs is the most probable one. (None of them is for `many`.)
  const labels = outputs['label']?.data ?? decideClasses(probabilities, classNames.length);
  const errors = new Map(failures.map(({ index, error }) => [index, error.message]));
  const rowOf = new Map(kept.map((index, row) => [index, row]));
  return items.map(({ id }, index) => {
    const place = rowOf.get(index) ?? 0;
    const start = place * classNames.length;
    const row = probabilities.subarray(start, start + classNames.length);
    const error =
      errors.get(index) ?? (row.every(Number.isFinite) ? undefined : 'The classifier gave a non-finite number');
    if (error !== undefined) return { id, label: null, probabilities: {}, error };
    // The graph decides: for one class, or for each of them.
    const isNamed = (c: number) => (targets === 'one' ? Number(labels[place]) === c : Number(labels[start + c]) === 1);
    const named = [...classNames.keys()].filter(isNamed);
    const best = named.reduce((top, c) => ((row[c] as number) > (row[top] as number) ? c : top), named[0] ?? -1);
    return {
      id,
      label: classNames[best] ?? null,
      ...(targets === 'many' && { labels: named.map((c) => classNames[c] as string) }),
      probabilities: Object.fromEntries(classNames.map((name, c) => [name, row[c] as number])),
    };
  });
}

/** Rows of numbers that go through a head at a time. */
const rowsAtOnce = 1024;

/** Sessions by number of threads, opened when first wanted. */
class Sessions {
  readonly #open = new Map<number, Promise<ModelSession>>();

  constructor(
    readonly model: OnnxModel,
    readonly where: string,
  ) {}

  get(threads: number): Promise<ModelSession> {
    const session = this.#open.get(threads) ?? openModelSession(writeModel(this.model), { threads, where: this.where });
    this.#open.set(threads, session);
    return session;
  }

  async close(): Promise<void> {
    const sessions = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    for (const session of sessions) if (session.status === 'fulfilled') await session.value.close();
  }
}

/**
 * Opens a file that `exportOnnx` wrote; it holds all that predicting needs.
 * @throws ERR_DATA when the file is no such classifier.
 *
 * @example
 * await using classifier = await loadClassifier('classifier.onnx');
 * for await (const { id, label } of classifier.predict(await openDataset('photos'))) console.log(id, label);
 */
export async function loadClassifier(path: string): Promise<Classifier> {
  const { model } = await readModelFile(path);
  const document = readDocument(model, path);
  const { classNames, recipe, backbone, targets = 'one', thresholds, decision, settings } = document;
  const { inputs, outputs } = describeModel(model);
  const logits = outputs.find(({ name }) => name === 'logits');
  const has = (output: string) => outputs.some(({ name }) => name === output);
  if (logits?.shape?.[1] !== classNames.length || !has('probabilities') || (targets === 'many' && !has('label')))
    throw new EquipoiseError(
      'ERR_DATA',
      `${path} was changed after it was exported: its outputs do not fit its class names`,
    );
  const table = recipe.modality === 'table';
  const dim = table ? recipe.dim : Number(outputs.find(({ name }) => name === 'embedding')?.shape?.[1]);
  const wantedInputs = table
    ? ['embedding']
    : recipe.modality === 'image'
      ? [recipe.input.name]
      : [recipe.input.ids, recipe.input.mask, recipe.input.types].filter((name) => name !== undefined);
  if (inputs.some(({ name }) => !wantedInputs.includes(name)) || inputs.length !== wantedInputs.length || !(dim >= 1))
    throw new EquipoiseError('ERR_DATA', `${path} was changed after it was exported: its inputs do not fit its recipe`);

  const wanted = ['probabilities', 'label'].filter(has);
  const sessions = new Sessions(subgraph(model, { outputs: wanted }), path);
  const head = new Sessions(
    subgraph(model, { inputs: [{ name: 'embedding', dtype: 'float32', shape: ['batch', dim] }], outputs: ['logits'] }),
    path,
  );
  const itemsOf = table ? undefined : createItemPreprocessor(recipe);

  async function* predict(items: Items, options: PredictOptions = {}): AsyncGenerator<Prediction> {
    const { batchSize = 32, threads = availableParallelism(), signal } = options;
    if (!Number.isSafeInteger(batchSize) || batchSize < 1)
      throw expected('integer >= 1', 'predict.batchSize', batchSize);
    const preprocessor = itemsOf ?? rowItems(recipe as RowRecipe, items.columns, path);
    const session = await sessions.get(threads);
    async function* prepared() {
      for await (const batch of inBatches(items, batchSize)) {
        throwIfAborted(signal, 'predicting');
        yield { batch, prepared: await preprocessor.batch(batch.map(({ content }) => content)) };
      }
    }
    for await (const { batch, prepared: ready } of oneAhead(prepared())) {
      const empty: Feeds = {};
      const outputs = ready.count > 0 ? await session.run(ready.inputs) : empty;
      yield* predictions(batch, ready, outputs, { classNames, targets });
    }
  }

  const close = async () => {
    await Promise.all([sessions.close(), head.close()]);
  };
  return {
    classNames,
    targets,
    ...(thresholds && { thresholds }),
    modality: recipe.modality,
    dim,
    recipe,
    ...(backbone && { backbone }),
    ...(decision && { decision }),
    ...(settings !== undefined && { settings }),
    predict,
    async logits(x) {
      const { data, rows, cols } = dense(x);
      if (cols !== dim) throw new EquipoiseError('ERR_SHAPE', `Expected rows of ${dim} numbers but received ${cols}`);
      if (rows === 0) return new Float32Array(0);
      const session = await head.get(availableParallelism());
      const out = new Float32Array(rows * classNames.length);
      // What a run is given is copied to the thread that it runs in.
      for (let start = 0; start < rows; start += rowsAtOnce) {
        const end = Math.min(rows, start + rowsAtOnce);
        const embedding = { data: data.subarray(start * cols, end * cols), dims: [end - start, cols] };
        out.set((await session.run({ embedding }))['logits']?.data as Float32Array, start * classNames.length);
      }
      return out;
    },
    decide: (scores) =>
      targets === 'many'
        ? decideLabels(scores, thresholdsOf(document))
        : decideClasses(scores, classNames.length, decision?.offsets),
    close,
    [Symbol.asyncDispose]: close,
  };
}
