/** What is done with a trained head that lies on disk: judge it, join it with its backbone. */

import { readFile } from 'node:fs/promises';
import {
  exportOnnx,
  loadClassifier,
  type BackboneNote,
  type Classifier,
  type ExportReport,
} from '../classifier/index.js';
import type { Part } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { namesOf, type Dataset, type Item } from '../core/item.js';
import type { OnProgress } from '../core/progress.js';
import { openDataset, type OpenDatasetOptions } from '../dataset/index.js';
import {
  evaluateAny,
  evaluateMultiLabelPredictions,
  evaluatePredictions,
  type AnyEvaluation,
} from '../metric/index.js';
import { assertFewFailures } from '../embed/index.js';
import { isStore, openStore, type EmbeddingStore, type Failure } from '../store/index.js';
import { headFromModel } from '../train/index.js';
import { openRows } from './memory.js';
import { backboneFor, type BackboneChoice } from './open-data.js';

export interface EvaluateModelOptions {
  /** Of a store, which is judged whole without it. */
  readonly split?: string;
  /** Of that split, by default its test part; of a dataset that has several side by side. */
  readonly part?: Part;
  /** How to open a dataset. */
  readonly dataset?: OpenDatasetOptions;
  /** Share of the items of a dataset, overall and of each class, that may fail; default 0.01. */
  readonly maxFailRate?: number;
  /** Rows of a store that take more stay on disk; default a quarter of the machine's memory. */
  readonly memoryBytes?: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

interface Judged {
  /** Items of a dataset that could not be classified, and count nowhere. */
  readonly failures: readonly Failure[];
}

/** Of a classifier of rows with one label, and of one of rows with any number of them. */
export type ModelEvaluation = AnyEvaluation & Judged;

/** Whether the path is an ONNX file. */
export const isModel = (path: string): boolean => path.endsWith('.onnx');

/**
 * Judges a saved model on the rows of a store (its head alone) or on the items of a dataset.
 * @throws ERR_SHAPE or ERR_INTEGRITY when the store's rows are of another width or backbone, ERR_DATA for resampled stores, unlabelled items, unknown classes
 *   or too many failures, ERR_OPTION for options of a store with a dataset and the other way round.
 */
export async function evaluateModel(
  modelPath: string,
  dataPath: string,
  options: EvaluateModelOptions = {},
): Promise<ModelEvaluation> {
  const { split, part, dataset = {}, memoryBytes, ...rest } = options;
  await using classifier = await loadClassifier(modelPath);
  const ofStore = await isStore(dataPath);
  const useless = ofStore
    ? [...Object.keys(dataset), ...(part !== undefined && split === undefined ? ['part without split'] : [])]
    : [...(split === undefined ? [] : ['split']), ...(memoryBytes === undefined ? [] : ['memory'])];
  if (useless.length > 0)
    throw new EquipoiseError(
      'ERR_OPTION',
      `${dataPath} is a ${ofStore ? 'store' : 'dataset'}, which has no use for ${useless.join(', ')}. Leave ${useless.length === 1 ? 'it' : 'them'} out`,
    );
  if (!ofStore)
    return evaluateItems(classifier, await openDataset(dataPath, { ...dataset, ...(part && { part }) }), rest);
  const store = await openStore(dataPath);
  assertSameBackbone(classifier.backbone, store, modelPath);
  const set = await openRows(store, split === undefined ? {} : { split, part: part ?? 'test' }, memoryBytes);
  return { ...(await evaluateAny(classifier, set)), failures: [] };
}

/** @throws ERR_INTEGRITY when a head and a store are of different backbones. */
export function assertSameBackbone(
  trainedOn: BackboneNote | undefined,
  store: EmbeddingStore,
  modelPath: string,
): void {
  const embeddedBy = store.manifest.backbone;
  if (trainedOn && embeddedBy && trainedOn.recipeHash !== embeddedBy.recipeHash)
    throw new EquipoiseError(
      'ERR_INTEGRITY',
      `${modelPath} was trained on embeddings of ${trainedOn.id}@${trainedOn.recipeHash.slice(0, 12)} but ${store.dir} was embedded with ${embeddedBy.id}@${embeddedBy.recipeHash.slice(0, 12)}. Embed the data with the same backbone`,
    );
}

async function evaluateItems(
  classifier: Classifier,
  dataset: Dataset,
  { maxFailRate = 0.01, threads, signal, onProgress }: EvaluateModelOptions,
): Promise<ModelEvaluation> {
  const { classNames, targets } = classifier;
  if ((dataset.targets ?? 'one') !== targets)
    throw new EquipoiseError(
      'ERR_DATA',
      targets === 'many'
        ? `Expected lists of labels in ${dataset.name} to judge a classifier of items with any number of labels on, but its items have one each. Say how they are separated (--label-separator) or which columns hold them (--label-columns)`
        : `Expected items of one label each in ${dataset.name} for this classifier but they have any number of them`,
    );
  const items = new Map<string, Item>();
  for await (const item of dataset) {
    if (item.label === null || !namesOf(item.label).every((name) => classNames.includes(name)))
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected ${targets === 'many' ? 'some' : 'one'} of the classes ${classNames.slice(0, 12).join(', ')} for ${item.source} but its label is ${JSON.stringify(item.label)}`,
      );
    items.set(item.id, item);
  }
  const truths: (readonly string[])[] = [];
  const probabilities: number[] = [];
  const decided: number[] = [];
  const failures: Failure[] = [];
  let done = 0;
  const options = { ...(threads !== undefined && { threads }), ...(signal && { signal }) };
  for await (const { id, label: verdict, probabilities: predicted, error } of classifier.predict(dataset, options)) {
    onProgress?.({ stage: 'predict', done: ++done, total: items.size });
    const { source, label } = items.get(id) as Item;
    if (error !== undefined) failures.push({ id, source, reason: error });
    else {
      truths.push(namesOf(label));
      decided.push(classNames.indexOf(verdict as string));
      for (const name of classNames) probabilities.push(predicted[name] as number);
    }
  }
  assertFewFailures(
    failures,
    new Map([...items.values()].map(({ id, label }) => [id, label])),
    maxFailRate,
    'Repair them, or allow more with maxFailRate (--max-fail-rate)',
  );
  if (targets === 'one') {
    const labels = truths.map(([name]) => classNames.indexOf(name as string));
    return { ...evaluatePredictions({ labels, probabilities, predicted: decided, classNames }), failures };
  }
  const { thresholds } = classifier;
  return {
    ...evaluateMultiLabelPredictions({
      targets: truths.flatMap((names) => classNames.map((name) => (names.includes(name) ? 1 : 0))),
      probabilities,
      classNames,
      ...(thresholds && { thresholds }),
    }),
    failures,
  };
}

export interface BundleOptions extends BackboneChoice {
  readonly out: string;
  /** A dataset whose items go through both paths. */
  readonly data: string;
  readonly dataset?: OpenDatasetOptions;
}

/** Items that head and backbone are compared on. */
const parityItems = 32;

/**
 * Joins a saved head with its backbone into one ONNX file and checks that both paths agree on real items.
 * @throws ERR_INTEGRITY when the head was trained on embeddings of another backbone, or the paths disagree; ERR_OPTION for a table.
 */
export async function bundle(headPath: string, options: BundleOptions): Promise<ExportReport> {
  const { out, data, dataset: datasetOptions, ...choice } = options;
  const head = headFromModel(await readFile(headPath), headPath);
  const dataset = await openDataset(data, { maxItems: parityItems, ...datasetOptions });
  const backbone = await backboneFor(dataset, choice);
  if (backbone === null)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected images or texts for bundle but ${data} is a table. ${headPath} takes its rows as it is`,
    );
  await using saved = await loadClassifier(headPath);
  const before = saved.backbone;
  if (before && before.recipeHash !== backbone.recipeHash)
    throw new EquipoiseError(
      'ERR_INTEGRITY',
      `${headPath} was trained on embeddings of ${before.id}@${before.recipeHash.slice(0, 12)} but --backbone is ${backbone.id}@${backbone.recipeHash.slice(0, 12)}. Pass the backbone it was trained with`,
    );
  const sampleItems: Item[] = [];
  for await (const item of dataset) sampleItems.push(item);
  return exportOnnx(head, { path: out, backbone, sampleItems });
}
