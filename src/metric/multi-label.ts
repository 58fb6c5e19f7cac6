/** Judging rows with any number of labels: every class is a yes or no of its own. */

import { isResampled, type AnySet } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { MatrixLike } from '../core/matrix.js';
import { custom, resolveOptions } from '../core/options.js';
import type { TargetKind } from '../core/targets.js';
import { mean } from './confusion.js';
import type { ClassScores } from './judge.js';
import { targetsAs } from './labels-as.js';
import { logitsOf } from './logits-of.js';
import type { Metric } from './metric.js';
import { isFewShot, isManyShot, isMediumShot } from './shots.js';

/** One class among the judged rows. A rate of nothing (no such row) is 0: read it beside `support`. */
export interface LabelScores extends ClassScores {
  readonly threshold: number;
  /** Of all rows, ranked by the probability of the class; null for a class that no row has. */
  readonly averagePrecision: number | null;
}

type ManyMetric = Omit<Metric, 'compute' | 'ranks' | 'ofSomeClasses'>;

const inUnit = { range: [0, 1], higherIsBetter: true } as const;
const shots = (which: string) =>
  `mean recall of the classes with ${which} training rows; none where there is no such class`;

/** What is said of all classes together: each is in a `MultiLabelEvaluation`, under its name in camel case. */
export const multiLabelMetrics = {
  'macro-f1': { name: 'macro-f1', summary: 'mean F1 of the classes that occur in truth or prediction', ...inUnit },
  'micro-f1': { name: 'micro-f1', summary: 'F1 of all yeses and noes together', ...inUnit },
  'mean-average-precision': {
    name: 'mean-average-precision',
    summary:
      'mean average precision of the classes that some row has: rows ranked by probability, whatever the thresholds',
    ...inUnit,
    ofProbabilities: true,
  },
  'balanced-accuracy': {
    name: 'balanced-accuracy',
    summary: 'mean over the classes of the mean recall of its rows and of those without it',
    ...inUnit,
  },
  'many-shot': { name: 'many-shot', summary: shots('more than 100'), ...inUnit },
  'medium-shot': { name: 'medium-shot', summary: shots('20 to 100'), ...inUnit },
  'few-shot': { name: 'few-shot', summary: shots('fewer than 20'), ...inUnit },
  'hamming-loss': {
    name: 'hamming-loss',
    summary: 'share of all yeses and noes that are wrong',
    range: [0, 1],
    higherIsBetter: false,
  },
  'subset-accuracy': { name: 'subset-accuracy', summary: 'share of the rows with every yes and no right', ...inUnit },
  'log-loss': {
    name: 'log-loss',
    summary: 'mean negative logarithm of the probability given to each right yes or no',
    range: [0, Infinity],
    higherIsBetter: false,
    ofProbabilities: true,
  },
} as const satisfies Readonly<Record<string, ManyMetric>>;

export interface MultiLabelEvaluation {
  readonly classNames: readonly string[];
  readonly rows: number;
  /** Rows that have each class. */
  readonly support: readonly number[];
  readonly perClass: readonly LabelScores[];
  readonly macroF1: number;
  readonly microF1: number;
  readonly meanAveragePrecision: number;
  readonly balancedAccuracy: number;
  /** Null without the counts of training rows. */
  readonly manyShot: number | null;
  readonly mediumShot: number | null;
  readonly fewShot: number | null;
  readonly hammingLoss: number;
  readonly subsetAccuracy: number;
  readonly logLoss: number;
}

export interface MultiLabelPredictions {
  /** (n, C), 1 where the row has the class. */
  readonly targets: ArrayLike<number>;
  /** (n, C), each between 0 and 1 on its own. */
  readonly probabilities: ArrayLike<number>;
  readonly classNames: readonly string[];
  /** A class is predicted from this probability on; default 0.5 for all. */
  readonly thresholds?: ArrayLike<number>;
  /** Training rows a class, in the order of `classNames`; many-, medium- and few-shot are null without. */
  readonly trainCounts?: ArrayLike<number>;
}

/** One entry a yes or no: (n, C) of judged rows. */
export interface ManyOutcomes {
  /** 1 where the row has the class. */
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
  readonly probabilities: Float64Array;
  /** One a class. */
  readonly thresholds: Float64Array;
}

/** Σ (R_k − R_{k−1}) P_k over the distinct probabilities from the highest down, as scikit-learn's `average_precision_score`. */
export function averagePrecision(probabilities: ArrayLike<number>, has: ArrayLike<number>): number | null {
  const order = Int32Array.from(probabilities, (_, i) => i).sort(
    (a, b) => (probabilities[b] as number) - (probabilities[a] as number),
  );
  let total = 0;
  for (let i = 0; i < has.length; i++) total += has[i] as number;
  if (total === 0) return null;
  let right = 0;
  let before = 0;
  let sum = 0;
  order.forEach((row, rank) => {
    right += has[row] as number;
    const next = order[rank + 1];
    if (next !== undefined && probabilities[next] === probabilities[row]) return;
    sum += ((right - before) * right) / (rank + 1);
    before = right;
  });
  return sum / total;
}

/** @throws ERR_SHAPE for another number of them, ERR_DATA for no rows or what is no probability. */
export function manyOutcomesOf(given: Omit<MultiLabelPredictions, 'trainCounts'>): ManyOutcomes {
  const { targets, probabilities, classNames, thresholds = classNames.map(() => 0.5) } = given;
  const classes = classNames.length;
  for (const [what, length, wanted] of [
    ['probabilities', probabilities.length, targets.length],
    ['thresholds', thresholds.length, classes],
  ] as const)
    if (length !== wanted) throw new EquipoiseError('ERR_SHAPE', `Expected ${wanted} ${what} but received ${length}`);
  if (targets.length === 0) throw new EquipoiseError('ERR_DATA', 'Expected rows to evaluate but the set has none');
  for (let i = 0; i < probabilities.length; i++)
    if (!((probabilities[i] as number) >= 0 && (probabilities[i] as number) <= 1))
      throw new EquipoiseError(
        'ERR_DATA',
        `Row ${Math.floor(i / classes)} has ${probabilities[i]} in column ${i % classes} of probabilities`,
      );
  return {
    truth: Int32Array.from(targets),
    predicted: Int32Array.from(probabilities, (p, at) => (p >= (thresholds[at % classes] as number) ? 1 : 0)),
    probabilities: Float64Array.from(probabilities),
    thresholds: Float64Array.from(thresholds),
  };
}

/**
 * Judges predictions that were made elsewhere.
 * @throws ERR_SHAPE for another number of them, ERR_DATA for no rows or what is no probability.
 */
export function evaluateMultiLabelPredictions(given: MultiLabelPredictions): MultiLabelEvaluation {
  return judgeMany([manyOutcomesOf(given)], given);
}

/** Probabilities are not believed below this, so that one impossible answer does not make the log loss infinite. */
const SMALLEST_PROBABILITY = 1e-15;

/** Judges the rows of several models, each on rows of its own, as one set; average precision, which ranks rows by one model, is the mean. */
export function judgeMany(
  parts: readonly ManyOutcomes[],
  { classNames, trainCounts }: Pick<MultiLabelPredictions, 'classNames' | 'trainCounts'>,
): MultiLabelEvaluation {
  const classes = classNames.length;
  if (trainCounts && trainCounts.length !== classes)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `trainCounts has ${trainCounts.length} entries but there are ${classes} classes`,
    );
  const tallies = classNames.map(() => ({ rows: 0, has: 0, predicted: 0, right: 0 }));
  let wrongRows = 0;
  let logLoss = 0;
  for (const { truth, predicted, probabilities } of parts)
    for (let row = 0; row < truth.length; row += classes) {
      let wrong = false;
      tallies.forEach((tally, c) => {
        const [has, yes] = [truth[row + c] as number, predicted[row + c] as number];
        const p = probabilities[row + c] as number;
        tally.rows++;
        tally.has += has;
        tally.predicted += yes;
        tally.right += has * yes;
        wrong ||= has !== yes;
        logLoss -= Math.log(Math.max(SMALLEST_PROBABILITY, has === 1 ? p : 1 - p));
      });
      if (wrong) wrongRows++;
    }
  const rows = tallies[0]?.rows ?? 0;
  const perClass = tallies.map(({ has, predicted, right }, c): LabelScores => {
    const column = <T>(values: ArrayLike<T>) =>
      Array.from({ length: values.length / classes }, (_, row) => values[row * classes + c] as T);
    return {
      name: classNames[c] as string,
      support: has,
      threshold: mean(parts.map(({ thresholds }) => thresholds[c] as number)),
      precision: predicted === 0 ? 0 : right / predicted,
      recall: has === 0 ? 0 : right / has,
      f1: f1Of({ has, predicted, right }),
      specificity: rows === has ? 0 : (rows - has - predicted + right) / (rows - has),
      averagePrecision: meanOrNull(
        parts.map(({ probabilities, truth }) => averagePrecision(column(probabilities), column(truth))),
      ),
    };
  });
  const all = tallies.reduce(
    (sum, tally) => ({
      has: sum.has + tally.has,
      predicted: sum.predicted + tally.predicted,
      right: sum.right + tally.right,
    }),
    { has: 0, predicted: 0, right: 0 },
  );
  const occurring = perClass.filter((_, c) => (tallies[c]?.has ?? 0) + (tallies[c]?.predicted ?? 0) > 0);
  const both = perClass.filter(({ support }) => support > 0 && support < rows);
  const recallOf = (belongs: (count: number) => boolean) =>
    trainCounts
      ? meanOrNull(
          perClass.map(({ support, recall }, c) => (support > 0 && belongs(trainCounts[c] as number) ? recall : null)),
        )
      : null;
  return {
    classNames: [...classNames],
    rows,
    support: tallies.map(({ has }) => has),
    perClass,
    macroF1: meanOrNull(occurring.map(({ f1 }) => f1)) ?? 0,
    microF1: f1Of(all),
    meanAveragePrecision: meanOrNull(perClass.map((one) => one.averagePrecision)) ?? 0,
    balancedAccuracy: meanOrNull(both.map(({ recall, specificity }) => (recall + specificity) / 2)) ?? 0,
    manyShot: recallOf(isManyShot),
    mediumShot: recallOf(isMediumShot),
    fewShot: recallOf(isFewShot),
    hammingLoss: (all.has + all.predicted - 2 * all.right) / (rows * classes),
    subsetAccuracy: 1 - wrongRows / rows,
    logLoss: logLoss / (rows * classes),
  };
}

function meanOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : mean(known);
}

function f1Of({ right, has, predicted }: { right: number; has: number; predicted: number }): number {
  return has + predicted === 0 ? 0 : (2 * right) / (has + predicted);
}

/** (n, C): a yes or no each. */
export const probabilitiesOf = (logits: Float32Array): Float32Array => logits.map((z) => 1 / (1 + Math.exp(-z)));

/** What judging needs of a head of rows with any number of labels. */
export interface MultiLabelJudged {
  readonly classNames: readonly string[];
  readonly targets: TargetKind;
  /** Where a class is predicted from another probability than 0.5 on. */
  readonly thresholds?: ArrayLike<number>;
  /** (n, C). */
  logits(x: MatrixLike): Float32Array | Promise<Float32Array>;
}

const rules = {
  thresholds: custom<ArrayLike<number> | undefined>({
    accepts: 'an array of one probability a class',
    default: undefined,
    help: 'from which probability on a class is predicted; default: those of the head, else 0.5',
    check: (value) => typeof value === 'object' && value !== null && 'length' in value,
  }),
  trainCounts: custom<ArrayLike<number> | undefined>({
    accepts: 'an array of training rows a class',
    default: undefined,
    help: 'groups classes into many-, medium- and few-shot',
    check: (value) => typeof value === 'object' && value !== null && 'length' in value,
  }),
};

/**
 * Judges a head on rows with any number of labels that it was not trained on. Classes are matched by name.
 *
 * @throws ERR_OPTION for a head of rows with one label, ERR_DATA for resampled rows, no rows, rows of one label each, or a class that
 *   the head does not know.
 *
 * @example
 * const { macroF1, meanAveragePrecision } = await evaluateMultiLabel(head, test);
 */
export async function evaluateMultiLabel(
  head: MultiLabelJudged,
  set: AnySet,
  options: { thresholds?: ArrayLike<number>; trainCounts?: ArrayLike<number> } = {},
): Promise<MultiLabelEvaluation> {
  const { thresholds = head.thresholds, trainCounts } = resolveOptions('evaluateMultiLabel', rules, options);
  if (head.targets !== 'many')
    throw expected('a head of rows with any number of labels', 'evaluateMultiLabel', head.targets, 'Use evaluate');
  if (set.targets === undefined || isResampled(set))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected held-out rows with any number of labels but received ${set.targets ? 'resampled rows' : 'rows of one label each. Use evaluate'}`,
    );
  const { classNames } = head;
  const targets = targetsAs(classNames, set, 'to evaluate');
  const probabilities = probabilitiesOf(await logitsOf(head, set));
  return evaluateMultiLabelPredictions({
    targets,
    probabilities,
    classNames,
    ...(thresholds && { thresholds }),
    ...(trainCounts && { trainCounts }),
  });
}
