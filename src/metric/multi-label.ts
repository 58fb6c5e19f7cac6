/** Judging rows with any number of labels: every class is a yes or no of its own. */

import { isResampled, shapeOf, type AnySet } from '../core/embedding-set.js';
import { EquipoiseError, expected, show } from '../core/errors.js';
import type { MatrixLike } from '../core/matrix.js';
import { custom, resolveOptions } from '../core/options.js';
import type { TargetKind } from '../core/targets.js';
import { mean } from './confusion.js';
import { logitsOf } from './logits-of.js';

/** One class among the judged rows. A rate of nothing (no such row) is 0: read it beside `support`. */
export interface LabelScores {
  readonly name: string;
  /** Rows that have the class. */
  readonly support: number;
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Of all rows, ranked by the probability of the class; null for a class that no row has. */
  readonly averagePrecision: number | null;
}

export interface MultiLabelEvaluation {
  readonly classNames: readonly string[];
  readonly rows: number;
  readonly perClass: readonly LabelScores[];
  /** Mean F1 of the classes that occur in truth or prediction. */
  readonly macroF1: number;
  /** F1 of all yeses and noes together. */
  readonly microF1: number;
  /** Mean average precision of the classes that some row has. */
  readonly meanAveragePrecision: number;
  /** Share of all yeses and noes that are wrong. */
  readonly hammingLoss: number;
  /** Share of the rows with every yes and no right. */
  readonly subsetAccuracy: number;
}

export interface MultiLabelPredictions {
  /** (n, C), 1 where the row has the class. */
  readonly targets: ArrayLike<number>;
  /** (n, C), each between 0 and 1 on its own. */
  readonly probabilities: ArrayLike<number>;
  readonly classNames: readonly string[];
  /** A class is predicted from this probability on; default 0.5 for all. */
  readonly thresholds?: ArrayLike<number>;
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

/**
 * Judges predictions that were made elsewhere.
 * @throws ERR_SHAPE for another number of them, ERR_DATA for no rows or what is no probability.
 */
export function evaluateMultiLabelPredictions(given: MultiLabelPredictions): MultiLabelEvaluation {
  const { targets, probabilities, classNames, thresholds = classNames.map(() => 0.5) } = given;
  const classes = classNames.length;
  const rows = targets.length / classes;
  for (const [what, length, wanted] of [
    ['probabilities', probabilities.length, targets.length],
    ['thresholds', thresholds.length, classes],
  ] as const)
    if (length !== wanted) throw new EquipoiseError('ERR_SHAPE', `Expected ${wanted} ${what} but received ${length}`);
  if (rows === 0) throw new EquipoiseError('ERR_DATA', 'Expected rows to evaluate but the set has none');
  for (let i = 0; i < probabilities.length; i++)
    if (!((probabilities[i] as number) >= 0 && (probabilities[i] as number) <= 1))
      throw new EquipoiseError(
        'ERR_DATA',
        `Row ${Math.floor(i / classes)} has ${probabilities[i]} in column ${i % classes} of probabilities`,
      );
  const wrong = new Uint8Array(rows);
  let errors = 0;
  const all = { right: 0, has: 0, predicted: 0 };
  const occurring: number[] = [];
  const perClass = classNames.map((name, c): LabelScores => {
    const own = Float64Array.from({ length: rows }, (_, i) => probabilities[i * classes + c] as number);
    const has = Uint8Array.from({ length: rows }, (_, i) => targets[i * classes + c] as number);
    const threshold = thresholds[c] as number;
    const count = { right: 0, has: 0, predicted: 0 };
    own.forEach((p, i) => {
      const yes = p >= threshold ? 1 : 0;
      count.has += has[i] as number;
      count.predicted += yes;
      if (yes === has[i]) count.right += yes;
      else {
        errors++;
        wrong[i] = 1;
      }
    });
    for (const key of ['right', 'has', 'predicted'] as const) all[key] += count[key];
    const f1 = f1Of(count);
    if (count.has + count.predicted > 0) occurring.push(f1);
    return {
      name,
      support: count.has,
      threshold,
      precision: count.predicted === 0 ? 0 : count.right / count.predicted,
      recall: count.has === 0 ? 0 : count.right / count.has,
      f1,
      averagePrecision: averagePrecision(own, has),
    };
  });
  const known = perClass.map((one) => one.averagePrecision).filter((value) => value !== null);
  return {
    classNames: [...classNames],
    rows,
    perClass,
    macroF1: occurring.length === 0 ? 0 : mean(occurring),
    microF1: f1Of(all),
    meanAveragePrecision: known.length === 0 ? 0 : mean(known),
    hammingLoss: errors / targets.length,
    subsetAccuracy: wrong.filter((any) => any === 0).length / rows,
  };
}

function f1Of({ right, has, predicted }: { right: number; has: number; predicted: number }): number {
  return has + predicted === 0 ? 0 : (2 * right) / (has + predicted);
}

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
  options: { thresholds?: ArrayLike<number> } = {},
): Promise<MultiLabelEvaluation> {
  const { thresholds = head.thresholds } = resolveOptions('evaluateMultiLabel', rules, options);
  if (head.targets !== 'many')
    throw expected('a head of rows with any number of labels', 'evaluateMultiLabel', head.targets, 'Use evaluate');
  if (set.targets === undefined || isResampled(set))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected held-out rows with any number of labels but received ${set.targets ? 'resampled rows' : 'rows of one label each. Use evaluate'}`,
    );
  const { classNames } = head;
  const { rows } = shapeOf(set);
  const targets = new Uint8Array(rows * classNames.length);
  const own = set.classNames.length;
  set.classNames.forEach((name, c) => {
    const id = classNames.indexOf(name);
    if (id < 0 && (set.classCounts[c] as number) > 0)
      throw new EquipoiseError(
        'ERR_DATA',
        `Class ${show(name)} has ${set.classCounts[c]} rows to evaluate but the head knows only ${classNames.slice(0, 12).join(', ')}`,
      );
    if (id < 0) return;
    for (let i = 0; i < rows; i++)
      targets[i * classNames.length + id] = (set.targets as Uint8Array)[i * own + c] as number;
  });
  const probabilities = (await logitsOf(head, set)).map((z) => 1 / (1 + Math.exp(-z)));
  return evaluateMultiLabelPredictions({ targets, probabilities, classNames, ...(thresholds && { thresholds }) });
}
