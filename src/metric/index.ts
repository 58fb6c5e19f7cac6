/** Metrics and what they are computed from. Adding one is its file and a line here; it is then in every report. */

import { isResampled, type AnySet, type EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { MatrixLike } from '../core/matrix.js';
import { custom, resolveOptions } from '../core/options.js';
import { assertOneLabel, type TargetKind } from '../core/targets.js';
import { accuracy } from './accuracy.js';
import { adaptiveCalibrationError } from './adaptive-calibration-error.js';
import { balancedAccuracy } from './balanced-accuracy.js';
import { brierScore } from './brier-score.js';
import { expectedCalibrationError } from './expected-calibration-error.js';
import { geometricMeanClass } from './geometric-mean-class.js';
import { geometricMeanMacro } from './geometric-mean-macro.js';
import { indexBalancedAccuracy } from './index-balanced-accuracy.js';
import { judge, judgeOutcomes, outcomesOf, type Judgement, type Predictions, type Scores } from './judge.js';
import { labelsAs } from './labels-as.js';
import { logitsOf } from './logits-of.js';
import { logLoss } from './log-loss.js';
import { macroF1 } from './macro-f1.js';
import type { Outcomes } from './metric.js';
import {
  evaluateMultiLabel,
  judgeMany,
  manyOutcomesOf,
  multiLabelMetrics,
  probabilitiesOf,
  type ManyOutcomes,
  type MultiLabelEvaluation,
  type MultiLabelJudged,
} from './multi-label.js';
import { prAuc } from './pr-auc.js';
import { rocAuc } from './roc-auc.js';
import { fewShot, manyShot, mediumShot } from './shots.js';

export const metrics = {
  accuracy,
  'balanced-accuracy': balancedAccuracy,
  'macro-f1': macroF1,
  'geometric-mean-class': geometricMeanClass,
  'geometric-mean-macro': geometricMeanMacro,
  'index-balanced-accuracy': indexBalancedAccuracy,
  'many-shot': manyShot,
  'medium-shot': mediumShot,
  'few-shot': fewShot,
  'log-loss': logLoss,
  'brier-score': brierScore,
  'expected-calibration-error': expectedCalibrationError,
  'roc-auc': rocAuc,
  'pr-auc': prAuc,
  'adaptive-calibration-error': adaptiveCalibrationError,
} as const;

export type MetricName = keyof typeof metrics;

/** Every metric under its name in camel case (`balancedAccuracy`), the confusion matrix and the per-class table; plain JSON. */
export type Evaluation = Judgement & Scores<typeof metrics>;

/**
 * Judges predictions that were made elsewhere. The predicted class is the largest score, a tie going to the lowest class id,
 * unless `predicted` names it.
 *
 * @throws ERR_SHAPE, ERR_DATA for no rows, class ids outside the table or scores that are not finite.
 *
 * @example
 * evaluatePredictions({ labels: [0, 1], logits: [2, 0, 1, 0], classNames: ['a', 'b'] }).balancedAccuracy; // 0.5
 */
export function evaluatePredictions(predictions: Predictions): Evaluation {
  return judge(metrics, predictions);
}

/** The names that the metrics for a kind of labels have in an evaluation. */
export const metricKeys = (kind: TargetKind): string[] =>
  Object.keys(kind === 'many' ? multiLabelMetrics : metrics).map((name) =>
    name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
  );

/** Of rows with one label each, or with any number of them. */
export type AnyEvaluation = Evaluation | MultiLabelEvaluation;
export type AnyOutcomes = Outcomes | ManyOutcomes;

export const isOfMany = (outcomes: AnyOutcomes): outcomes is ManyOutcomes => 'probabilities' in outcomes;

/** Judges the rows of several models, each on rows of its own, as one set: the folds of a cross-validation. */
export function evaluateOutcomes(
  parts: readonly Outcomes[],
  given: Pick<Predictions, 'classNames' | 'trainCounts'>,
): Evaluation;
export function evaluateOutcomes(
  parts: readonly AnyOutcomes[],
  given: Pick<Predictions, 'classNames' | 'trainCounts'>,
): AnyEvaluation;
export function evaluateOutcomes(
  parts: readonly AnyOutcomes[],
  given: Pick<Predictions, 'classNames' | 'trainCounts'>,
): AnyEvaluation {
  const many = parts.filter(isOfMany);
  return many.length > 0 ? judgeMany(many, given) : judgeOutcomes(metrics, parts as readonly Outcomes[], given);
}

/** What a head that was trained on a set of the same class table makes of held-out rows. */
export function outcomesOn(head: TrainedToJudge, set: EmbeddingSet): AnyOutcomes {
  const { classNames, labels, targets } = set;
  const logits = head.logits(set.embeddings);
  if (targets === undefined) return outcomesOf({ labels, logits, predicted: head.decide(logits), classNames });
  const { thresholds } = head;
  return manyOutcomesOf({
    targets,
    probabilities: probabilitiesOf(logits),
    classNames,
    ...(thresholds && { thresholds }),
  });
}

export interface TrainedToJudge {
  readonly thresholds?: ArrayLike<number>;
  logits(x: MatrixLike): Float32Array;
  decide(logits: Float32Array): Int32Array;
}

const evaluateRules = {
  trainCounts: custom<ArrayLike<number> | undefined>({
    accepts: 'an array of training rows a class',
    default: undefined,
    help: 'groups classes into many-, medium- and few-shot',
    check: (value) => typeof value === 'object' && value !== null && 'length' in value,
  }),
};

/**
 * Judges a head on rows it was not trained on. Classes are matched by name.
 *
 * @param head anything that turns an (n, d) matrix into n · C logits in the order of its `classNames`.
 * @param set in memory, or on disk: then (n, C) logits are in memory, and a window of the rows.
 * @throws ERR_DATA for resampled rows, no rows, or rows of a class that the head does not know.
 */
export async function evaluate(
  head: Judged,
  set: AnySet,
  options: { trainCounts?: ArrayLike<number> } = {},
): Promise<Evaluation> {
  resolveOptions('evaluate', evaluateRules, options);
  if (isResampled(set))
    throw new EquipoiseError(
      'ERR_DATA',
      'Expected held-out rows to evaluate on but received a resampled set. Pass split(set).validation or .test',
    );
  assertOneLabel(set, 'evaluate', 'Use evaluateMultiLabel');
  if (head.targets === 'many')
    throw expected('a head of rows with one label each', 'evaluate', head.targets, 'Use evaluateMultiLabel');
  const { classNames } = head;
  const labels = labelsAs(classNames, set, 'to evaluate');
  const logits = await logitsOf(head, set);
  const predicted = head.decide?.(logits);
  return evaluatePredictions({ labels, logits, classNames, ...(predicted && { predicted }), ...options });
}

/** What `evaluate` needs of a classifier. */
export interface Judged {
  logits(x: MatrixLike): Float32Array | Promise<Float32Array>;
  readonly classNames: readonly string[];
  readonly targets?: TargetKind;
  /** n · C logits → n class ids, where another rule than the largest logit decides. */
  decide?(logits: Float32Array): Int32Array;
}

/** `evaluate` or `evaluateMultiLabel`, whichever is for the rows. */
export async function evaluateAny(
  head: Judged & Pick<MultiLabelJudged, 'targets' | 'thresholds'>,
  set: AnySet,
  options: { trainCounts?: ArrayLike<number> } = {},
): Promise<AnyEvaluation> {
  return set.targets ? evaluateMultiLabel(head, set, options) : evaluate(head, set, options);
}

export { calibrationCurve, type CalibrationBin } from './calibration-curve.js';
export { confusionMatrix, type ConfusionMatrix } from './confusion.js';
export {
  averagePrecision,
  evaluateMultiLabel,
  evaluateMultiLabelPredictions,
  multiLabelMetrics,
  probabilitiesOf,
  type LabelScores,
  type ManyOutcomes,
  type MultiLabelEvaluation,
} from './multi-label.js';
export { generalizationGap, type GeneralizationGap } from './generalization-gap.js';
export { labelsAs, targetsAs } from './labels-as.js';
export { logitsOf } from './logits-of.js';
export { outcomesOf, type ClassScores, type Predictions } from './judge.js';
export { defineMetric, type Metric, type MetricContext, type Outcomes } from './metric.js';
