/** The rows that a head was trained on, synthetic ones included, and how far test rows reach beyond them. */

import type { EmbeddingSet, TrainingSet } from '../core/embedding-set.js';
import { dense, matrix } from '../core/matrix.js';
import type { ResamplingPlan } from '../core/plan.js';
import { applyScaler } from '../head/index.js';
import { planRows } from '../kernels/index.js';
import { generalizationGap } from '../metric/index.js';
import { createSampler, samplers } from '../sampler/index.js';
import type { TrainedHead } from '../train/index.js';

/** Of each class, summed over columns; null for one without rows on either side. */
export interface ClassGaps {
  readonly perClass: readonly (number | null)[];
  readonly mean: number | null;
}

/** Between training and test rows, as the head sees them. */
export interface TrainedGap {
  readonly before: ClassGaps;
  /** With the rows that the sampler added; as `before` where there is none. */
  readonly after: ClassGaps;
  /** The same with as many test rows of a class as it has training rows, where it has more: small classes have narrow boxes. */
  readonly equalCounts: { readonly before: ClassGaps; readonly after: ClassGaps };
}

/** The rows as the head sees them. */
function seen<S extends EmbeddingSet>(head: TrainedHead, set: S): S {
  if (head.scaler === undefined) return set;
  const rows = dense(set.embeddings);
  const scaled = new Float32Array(rows.data.length);
  applyScaler(head.scaler, rows, scaled);
  return { ...set, embeddings: matrix(scaled, rows.rows, rows.cols) };
}

/** The plan of the rows that a head was trained on, made again; null without one, or for a sampler of the caller's own. */
export async function planBehind(
  head: TrainedHead,
  train: TrainingSet,
  options: { threads?: number; signal?: AbortSignal } = {},
): Promise<ResamplingPlan | null> {
  if (!head.plan || !Object.hasOwn(samplers, head.plan.sampler)) return null;
  return createSampler(head.plan.sampler, head.plan.options).plan(seen(head, train), options);
}

/** Bounds the memory that synthetic rows take. */
const rowsAtOnce = 4096;

function* windows(set: TrainingSet, plan: ResamplingPlan, threads: number | undefined) {
  const { keep, recipes, extra } = plan;
  const kept = keep === 'all' ? set.labels : keep.map((row) => set.labels[row] as number);
  const labels = Int32Array.from([...kept, ...recipes.label, ...(extra?.labels ?? [])]);
  const { rows, cols, window } = planRows(set, plan, threads === undefined ? {} : { threads });
  const buffer = new Float32Array(Math.min(rows, rowsAtOnce) * cols);
  for (let start = 0; start < rows; start += rowsAtOnce) {
    const end = Math.min(rows, start + rowsAtOnce);
    const embeddings = window(start, end, buffer.subarray(0, (end - start) * cols));
    yield { embeddings, labels: labels.subarray(start, end), classNames: set.classNames };
  }
}

export async function gapOf(
  head: TrainedHead,
  { train, test }: { train: TrainingSet; test: EmbeddingSet },
  seed: number,
  options: { threads?: number; signal?: AbortSignal } = {},
): Promise<TrainedGap> {
  const [own, held] = [seen(head, train), seen(head, test)];
  const plan = await planBehind(head, train, options);
  const equal = { equalCounts: true, trainCounts: train.classCounts, seed };
  const gap = (after: boolean, given: object): ClassGaps => {
    const { perClass, mean } = generalizationGap(
      after && plan ? windows(own, plan, options.threads) : own,
      held,
      given,
    );
    return { perClass, mean };
  };
  const before = gap(false, {});
  const beforeEqual = gap(false, equal);
  return {
    before,
    after: plan ? gap(true, {}) : before,
    equalCounts: { before: beforeEqual, after: plan ? gap(true, equal) : beforeEqual },
  };
}
