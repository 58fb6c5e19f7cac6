/** What is done with a trained head that lies on disk: judge it, join it with its backbone. */

import { readFile } from 'node:fs/promises';
import { openBackbone, type BackboneOptions } from '../backbone/index.js';
import { exportOnnx, loadClassifier, type ExportReport } from '../classifier/index.js';
import { EquipoiseError } from '../core/errors.js';
import type { Item } from '../core/item.js';
import type { OnProgress } from '../core/progress.js';
import { openDataset, type OpenDatasetOptions } from '../dataset/index.js';
import { evaluate, evaluatePredictions, type Evaluation } from '../metric/index.js';
import { isStore, openStore } from '../store/index.js';
import { headFromModel } from '../train/index.js';

export interface EvaluateModelOptions {
  /** Split and part of a store; by default the whole store. */
  readonly split?: string;
  readonly part?: 'train' | 'validation' | 'test';
  readonly dataset?: OpenDatasetOptions;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** Whether the path is an ONNX file. */
export const isModel = (path: string): boolean => path.endsWith('.onnx');

/**
 * Judges a saved model on the rows of a store (its head alone) or on the items of a dataset.
 * @throws ERR_SHAPE when the store's rows have another width, ERR_DATA for resampled stores, unlabelled items or unknown classes.
 */
export async function evaluateModel(
  modelPath: string,
  dataPath: string,
  options: EvaluateModelOptions = {},
): Promise<Evaluation> {
  const classifier = await loadClassifier(modelPath);
  try {
    if (await isStore(dataPath)) {
      const store = await openStore(dataPath);
      const { split, part } = options;
      if ((split === undefined) !== (part === undefined))
        throw new EquipoiseError(
          'ERR_OPTION',
          'Expected split and part together (--split default --part test) but received one of them',
        );
      return await evaluate(
        classifier,
        await store.read({ ...(split !== undefined && { split }), ...(part !== undefined && { part }) }),
      );
    }
    const dataset = await openDataset(dataPath, options.dataset);
    const { classNames } = classifier;
    const labels: number[] = [];
    const items: Item[] = [];
    for await (const item of dataset) {
      const label = item.label === null ? -1 : classNames.indexOf(item.label);
      if (label < 0)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected one of the classes ${classNames.slice(0, 12).join(', ')} for ${item.source} but its label is ${JSON.stringify(item.label)}`,
        );
      labels.push(label);
      items.push(item);
    }
    const truth: number[] = [];
    const probabilities: number[] = [];
    let done = 0;
    for await (const prediction of classifier.predict(items, {
      ...(options.threads !== undefined && { threads: options.threads }),
      ...(options.signal && { signal: options.signal }),
    })) {
      const label = labels[done++] as number;
      options.onProgress?.({ stage: 'predict', done, total: items.length });
      if (prediction.error !== undefined) continue;
      truth.push(label);
      for (const name of classNames) probabilities.push(prediction.probabilities[name] ?? 0);
    }
    return evaluatePredictions({ labels: truth, probabilities, classNames });
  } finally {
    await classifier.close();
  }
}

export interface BundleOptions {
  readonly backbone: string;
  readonly backboneOptions?: BackboneOptions;
  readonly out: string;
  /** A dataset whose items go through both paths. */
  readonly data: string;
  readonly dataset?: OpenDatasetOptions;
}

/** Items that head and backbone are compared on. */
const parityItems = 32;

/**
 * Joins a saved head with its backbone into one ONNX file and checks that both paths agree on real items.
 * @throws ERR_SHAPE when the head was trained on embeddings of another width, ERR_INTEGRITY when the paths disagree.
 */
export async function bundle(headPath: string, options: BundleOptions): Promise<ExportReport> {
  const backbone = await openBackbone(options.backbone, options.backboneOptions);
  const head = headFromModel(await readFile(headPath), headPath);
  const dataset = await openDataset(options.data, { maxItems: parityItems, ...options.dataset });
  const sampleItems: Item[] = [];
  for await (const item of dataset) sampleItems.push(item);
  return exportOnnx(head, { path: options.out, backbone, sampleItems });
}
