/** Further batches, for methods that need others than those of the step. */

import type { TrainingSet } from '../core/embedding-set.js';
import { createRng } from '../core/rng.js';
import { strataOf } from '../core/targets.js';
import type { Kernels } from '../kernels/index.js';
import { resolveBatchSampler } from './batch-samplers.js';
import { chooseSampler } from './chosen-parts.js';
import { Batch, layOutRows } from './rows.js';
import type { StepContext } from './step-method.js';

export interface BatchSourceSettings {
  readonly set: TrainingSet;
  readonly weights: Float32Array | undefined;
  readonly kernels: Kernels;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

export function batchSource({ set, weights, kernels, seed, signal }: BatchSourceSettings): StepContext['batches'] {
  const [, cols = 0] = set.embeddings.shape;
  const classes = set.classNames.length;
  const strata = strataOf(set);
  return async ({ name, rows, sampler = null, batchSampler = 'instance' }) => {
    const plan = await chooseSampler(sampler, seed)?.plan(set, { kernels, ...(signal && { signal }) });
    const table = layOutRows(set, plan, weights, kernels);
    const batch = new Batch(rows, cols, classes);
    const visits = new Int32Array(rows);
    const sampling = resolveBatchSampler(batchSampler);
    const rng = createRng(seed, `batches/${name}/${sampling.name}`);
    const draw = sampling.create({ labels: table.label, classes: strata, rng });
    let epoch = 0;
    return () => {
      draw(visits, epoch++, 1);
      batch.load(table, visits, 0, kernels);
      return batch;
    };
  };
}
