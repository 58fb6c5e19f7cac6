/** The contract of metrics: a number out of a confusion matrix and, for some, of how sure the predictions were. */

import type { Entry } from '../core/registry.js';
import type { ConfusionMatrix } from './confusion.js';

/** One entry a judged row. */
export interface Outcomes {
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
  /** Natural logarithm of the probability given to the true class. */
  readonly logTruth: Float64Array;
  /** Probability of the predicted class. */
  readonly confidence: Float64Array;
  /** Of two classes: score of the second less that of the first. */
  readonly logOdds?: Float64Array;
  /** Σ_c (p_c − [c is the truth])². */
  readonly squaredError: Float64Array;
}

export interface MetricContext {
  readonly outcomes: Outcomes;
  /** Training rows a class, for metrics that group classes by them. */
  readonly trainCounts?: ArrayLike<number>;
}

/** A registry entry; `compute` gives null where the metric has no value for this data. */
export interface Metric<T extends number | null = number | null> extends Entry {
  /** Smallest and largest value. */
  readonly range: readonly [number, number];
  readonly higherIsBetter: boolean;
  /** It ranks rows against each other, which the scores of two models do not allow: over several models it is the mean of each. */
  readonly ranks?: true;
  /** Whether it judges how sure the predictions are; the others follow from the confusion matrix alone. */
  readonly ofProbabilities?: true;
  /** Whether it looks at some classes only: decisions that were tuned for it would name no other. */
  readonly ofSomeClasses?: true;
  compute(confusion: ConfusionMatrix, context: MetricContext): T;
}

export function defineMetric<T extends number | null>(metric: Metric<T>): Metric<T> {
  return metric;
}
