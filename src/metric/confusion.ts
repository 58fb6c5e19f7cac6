/** The confusion matrix and the per-class rates that most metrics are made of. */

import { EquipoiseError } from '../core/errors.js';

/** Rows are truth, columns prediction. */
export interface ConfusionMatrix {
  readonly classes: number;
  /** (classes, classes): `counts[truth * classes + predicted]`. */
  readonly counts: Float64Array;
  /** Rows whose truth, and whose prediction, is the class. */
  readonly support: Float64Array;
  readonly predicted: Float64Array;
  readonly total: number;
}

/**
 * Counts every (truth, predicted) pair of class ids.
 * @throws ERR_SHAPE for lengths that differ, ERR_DATA for an id outside 0 … classes − 1.
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  if (truth.length !== predicted.length)
    throw new EquipoiseError('ERR_SHAPE', `truth has ${truth.length} entries but predicted has ${predicted.length}`);
  const counts = new Float64Array(classes * classes);
  for (let i = 0; i < truth.length; i++) {
    for (const id of [truth[i], predicted[i]])
      if (!Number.isInteger(id) || (id as number) < 0 || (id as number) >= classes)
        throw new EquipoiseError('ERR_DATA', `Row ${i} has class id ${id}, which is not one of 0 to ${classes - 1}`);
    counts[(truth[i] as number) * classes + (predicted[i] as number)]!++;
  }
  const support = new Float64Array(classes);
  const columns = new Float64Array(classes);
  for (let t = 0; t < classes; t++)
    for (let p = 0; p < classes; p++) {
      const count = counts[t * classes + p] as number;
      support[t]! += count;
      columns[p]! += count;
    }
  return { classes, counts, support, predicted: columns, total: truth.length };
}

/** 0 for a rate of nothing: the zero-division rule of every metric here. */
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function truePositives({ counts, classes }: ConfusionMatrix, c: number): number {
  return counts[c * classes + c] as number;
}

/** TP / (TP + FN): sensitivity. */
export function recall(m: ConfusionMatrix, c: number): number {
  return ratio(truePositives(m, c), m.support[c] as number);
}

/** TP / (TP + FP). */
export function precision(m: ConfusionMatrix, c: number): number {
  return ratio(truePositives(m, c), m.predicted[c] as number);
}

/** TN / (TN + FP). */
export function specificity(m: ConfusionMatrix, c: number): number {
  const negatives = m.total - (m.support[c] as number);
  const falsePositives = (m.predicted[c] as number) - truePositives(m, c);
  return ratio(negatives - falsePositives, negatives);
}

/** 2 TP / (2 TP + FP + FN): harmonic mean of precision and recall. */
export function f1(m: ConfusionMatrix, c: number): number {
  return ratio(2 * truePositives(m, c), (m.support[c] as number) + (m.predicted[c] as number));
}

/** Classes that occur in the truth, ascending: recall means something for these only. */
export function presentClasses(m: ConfusionMatrix): number[] {
  return [...m.support.keys()].filter((c) => (m.support[c] as number) > 0);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
