/** How a head does on held-out rows, cheaply enough for every epoch. */

import { logSigmoid, softmaxRow } from '../loss/index.js';

export interface ValidationScore {
  /** Mean over the classes present of the share of their rows classified rightly. */
  readonly balancedAccuracy: number;
  /** Mean cross-entropy over rows. */
  readonly loss: number;
  /** Mean over the classes present of their mean cross-entropy. */
  readonly balancedLoss: number;
}

/**
 * Scores (n, C) logits, which it overwrites with probabilities. Ties go to the lower class id.
 * @param recalls filled with the recall of each class, NaN for one without rows.
 */
export function score(
  logits: Float32Array,
  labels: Int32Array,
  classes: number,
  recalls?: Float64Array,
): ValidationScore {
  const support = new Float64Array(classes);
  const right = new Float64Array(classes);
  const losses = new Float64Array(classes);
  for (let i = 0, at = 0; i < labels.length; i++, at += classes) {
    const label = labels[i] as number;
    let best = 0;
    for (let j = 1; j < classes; j++) if ((logits[at + j] as number) > (logits[at + best] as number)) best = j;
    const own = logits[at + label] as number;
    losses[label] = (losses[label] as number) + softmaxRow(logits, at, classes, logits) - own;
    support[label] = (support[label] as number) + 1;
    if (best === label) right[label] = (right[label] as number) + 1;
  }
  let present = 0;
  let balancedAccuracy = 0;
  let balancedLoss = 0;
  let loss = 0;
  for (let c = 0; c < classes; c++) {
    const rows = support[c] as number;
    if (recalls) recalls[c] = (right[c] as number) / rows;
    if (rows === 0) continue;
    present++;
    balancedAccuracy += (right[c] as number) / rows;
    balancedLoss += (losses[c] as number) / rows;
    loss += losses[c] as number;
  }
  return {
    balancedAccuracy: balancedAccuracy / present,
    balancedLoss: balancedLoss / present,
    loss: loss / labels.length,
  };
}

/**
 * The same of rows with any number of labels, each class a yes or no at probability ½: the balanced accuracy and loss of a class are
 * the means over its rows and over the others; a class that all rows have, or none has, is left out of them.
 * @param targets (n, C), 1 where the row has the class.
 */
export function scoreMany(
  logits: Float32Array,
  targets: Uint8Array,
  classes: number,
  recalls?: Float64Array,
): ValidationScore {
  const rows = logits.length / classes;
  let present = 0;
  let balancedAccuracy = 0;
  let balancedLoss = 0;
  let loss = 0;
  for (let c = 0; c < classes; c++) {
    const own = { rows: 0, right: 0, loss: 0 };
    const without = { rows: 0, right: 0, loss: 0 };
    for (let at = c; at < logits.length; at += classes) {
      const has = targets[at] === 1;
      const z = logits[at] as number;
      const side = has ? own : without;
      side.rows++;
      if (z > 0 === has) side.right++;
      side.loss -= logSigmoid(has ? z : -z);
    }
    loss += without.loss + own.loss;
    if (recalls) recalls[c] = own.right / own.rows;
    if (without.rows === 0 || own.rows === 0) continue;
    present++;
    balancedAccuracy += (own.right / own.rows + without.right / without.rows) / 2;
    balancedLoss += (own.loss / own.rows + without.loss / without.rows) / 2;
  }
  return { balancedAccuracy: balancedAccuracy / present, balancedLoss: balancedLoss / present, loss: loss / rows };
}

export const selectionMetrics = ['balancedAccuracy', 'balancedLoss', 'loss'] as const;
export type SelectionMetric = (typeof selectionMetrics)[number];

/** Whether `a` beats `b`; equal accuracies, common on few rows, are told apart by the balanced loss. */
export function better(a: ValidationScore, b: ValidationScore, metric: SelectionMetric): boolean {
  if (metric !== 'balancedAccuracy') return a[metric] < b[metric];
  if (a.balancedAccuracy !== b.balancedAccuracy) return a.balancedAccuracy > b.balancedAccuracy;
  return a.balancedLoss < b.balancedLoss;
}
