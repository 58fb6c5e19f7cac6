/** From logits or probabilities to everything that is said about a classifier on a set. */

import { EquipoiseError } from '../core/errors.js';
import { confusionMatrix, f1, mean, precision, recall, specificity } from './confusion.js';
import type { CalibrationBin } from './calibration-curve.js';
import type { Metric, MetricContext, Outcomes } from './metric.js';
import { reliability } from './reliability.js';

export interface Predictions {
  /** n class ids, the truth. */
  readonly labels: ArrayLike<number>;
  /** (n, C) row-major: one of the two. */
  readonly logits?: ArrayLike<number>;
  /** Rows sum to 1. */
  readonly probabilities?: ArrayLike<number>;
  /** n class ids, where another rule than the largest score decided. */
  readonly predicted?: ArrayLike<number>;
  readonly classNames: readonly string[];
  /** Training rows a class, in the order of `classNames`; many-, medium- and few-shot are null without. */
  readonly trainCounts?: ArrayLike<number>;
}

/** One class against the rest. A rate of nothing (no such row) is 0: read it beside `support`. */
export interface ClassScores {
  readonly name: string;
  readonly support: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly specificity: number;
}

type CamelCase<S extends string> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<CamelCase<B>>}` : S;

/** The value of every metric under its name in camel case. */
export type Scores<M extends Readonly<Record<string, Metric>>> = {
  readonly [K in keyof M & string as CamelCase<K>]: ReturnType<M[K]['compute']>;
};

export interface Judgement {
  readonly classNames: readonly string[];
  /** Judged rows, and those a class. */
  readonly rows: number;
  readonly support: number[];
  /** Row truth, column prediction. */
  readonly confusion: number[][];
  readonly perClass: ClassScores[];
  /** How often the predicted class was right, by its probability in 15 bins of equal width; empty ones are left out. */
  readonly reliability: readonly CalibrationBin[];
}

/** Probabilities are not believed below this, so that one impossible row does not make the log loss infinite; logits are exact. */
const SMALLEST_PROBABILITY = 1e-15;

/** What the metrics need to know of each judged row. @throws as `judge` */
export function outcomesOf({ labels, logits, probabilities, predicted, classNames }: Predictions): Outcomes {
  if ((logits === undefined) === (probabilities === undefined))
    throw new EquipoiseError(
      'ERR_OPTION',
      'Expected either logits or probabilities to evaluate but received both or neither',
    );
  const [what, scores] = logits ? (['logits', logits] as const) : (['probabilities', probabilities!] as const);
  const rows = labels.length;
  const classes = classNames.length;
  if (scores.length !== rows * classes)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `Expected ${rows} x ${classes} = ${rows * classes} ${what} for ${rows} labels and ${classes} classes but received ${scores.length}`,
    );
  if (predicted && predicted.length !== rows)
    throw new EquipoiseError('ERR_SHAPE', `predicted has ${predicted.length} entries but there are ${rows} labels`);
  if (rows === 0) throw new EquipoiseError('ERR_DATA', 'Expected rows to evaluate but the set has none');
  const outcomes = {
    truth: Int32Array.from(labels),
    predicted: new Int32Array(rows),
    logTruth: new Float64Array(rows),
    confidence: new Float64Array(rows),
    ...(classes === 2 && { logOdds: new Float64Array(rows) }),
    squaredError: new Float64Array(rows),
  };
  for (let i = 0; i < rows; i++) {
    const at = i * classes;
    let best = 0;
    for (let c = 0; c < classes; c++) {
      const score = scores[at + c] as number;
      if (!Number.isFinite(score) || (!logits && (score < 0 || score > 1.001)))
        throw new EquipoiseError('ERR_DATA', `Row ${i} has ${score} in column ${c} of ${what}`);
      // A tie goes to the lowest class id.
      if (score > (scores[at + best] as number)) best = c;
    }
    const highest = scores[at + best] as number;
    const own = scores[at + (labels[i] as number)] as number;
    const decided = predicted ? (predicted[i] as number) : best;
    const chosen = scores[at + decided] as number;
    outcomes.predicted[i] = decided;
    let sum = 0;
    let squares = 0;
    for (let c = 0; c < classes; c++) {
      const score = scores[at + c] as number;
      const share = logits ? Math.exp(score - highest) : score;
      sum += share;
      squares += share * share;
    }
    if (logits) {
      outcomes.logTruth[i] = own - highest - Math.log(sum);
      outcomes.confidence[i] = Math.exp(chosen - highest) / sum;
      outcomes.squaredError[i] = squareDistance(squares / (sum * sum), Math.exp(own - highest) / sum);
    } else {
      outcomes.logTruth[i] = Math.log(Math.max(SMALLEST_PROBABILITY, Math.min(1, own)));
      outcomes.confidence[i] = Math.min(1, chosen);
      outcomes.squaredError[i] = squareDistance(squares, own);
    }
    if (outcomes.logOdds) {
      const [first, second] = [scores[at] as number, scores[at + 1] as number];
      outcomes.logOdds[i] = logits ? second - first : Math.log(second / first);
    }
  }
  return outcomes;
}

/** Rows judged by one model after the other, as if they were one set. */
function pooled(parts: readonly Outcomes[]): Outcomes {
  const [first] = parts as [Outcomes];
  if (parts.length === 1) return first;
  const rows = parts.reduce((sum, { truth }) => sum + truth.length, 0);
  const join = <A extends Int32Array | Float64Array>(all: A, of: (part: Outcomes) => A | undefined): A => {
    let at = 0;
    for (const part of parts) {
      const values = of(part) as A;
      all.set(values, at);
      at += values.length;
    }
    return all;
  };
  return {
    truth: join(new Int32Array(rows), (part) => part.truth),
    predicted: join(new Int32Array(rows), (part) => part.predicted),
    logTruth: join(new Float64Array(rows), (part) => part.logTruth),
    confidence: join(new Float64Array(rows), (part) => part.confidence),
    squaredError: join(new Float64Array(rows), (part) => part.squaredError),
    ...(first.logOdds && { logOdds: join(new Float64Array(rows), (part) => part.logOdds) }),
  };
}

/** Σ p² − 2 p_truth + 1, which rounding must not push below 0. */
function squareDistance(sumOfSquares: number, own: number): number {
  return Math.max(0, sumOfSquares - 2 * own + 1);
}

/** Computes every metric of `metrics` and the per-class table. */
export function judge<M extends Readonly<Record<string, Metric>>>(
  metrics: M,
  given: Predictions,
): Judgement & Scores<M> {
  return judgeOutcomes(metrics, [outcomesOf(given)], given);
}

/** The same from outcomes, the rows of several models taken together. */
export function judgeOutcomes<M extends Readonly<Record<string, Metric>>>(
  metrics: M,
  parts: readonly Outcomes[],
  { classNames, trainCounts }: Pick<Predictions, 'classNames' | 'trainCounts'>,
): Judgement & Scores<M> {
  const classes = classNames.length;
  if (trainCounts && trainCounts.length !== classes)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `trainCounts has ${trainCounts.length} entries but there are ${classes} classes`,
    );
  const outcomes = pooled(parts);
  const contextOf = (part: Outcomes): MetricContext => ({ outcomes: part, ...(trainCounts && { trainCounts }) });
  const confusion = confusionMatrix(outcomes.truth, outcomes.predicted, classes);
  const valueOf = (metric: Metric): number | null => {
    if (!metric.ranks || parts.length === 1) return metric.compute(confusion, contextOf(outcomes));
    const values = parts.map((part) => metric.compute(confusion, contextOf(part))).filter((value) => value !== null);
    return values.length === 0 ? null : mean(values);
  };
  const scores = Object.entries(metrics).map(([name, metric]) => [
    name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
    valueOf(metric),
  ]);
  return {
    classNames: [...classNames],
    rows: outcomes.truth.length,
    support: [...confusion.support],
    confusion: classNames.map((_, t) => [...confusion.counts.subarray(t * classes, (t + 1) * classes)]),
    perClass: classNames.map((name, c) => ({
      name,
      support: confusion.support[c] as number,
      precision: precision(confusion, c),
      recall: recall(confusion, c),
      f1: f1(confusion, c),
      specificity: specificity(confusion, c),
    })),
    reliability: reliability(outcomes),
    ...(Object.fromEntries(scores) as Scores<M>),
  };
}
