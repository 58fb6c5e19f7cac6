/** How a head does on held-out rows, cheaply enough for every epoch. */

import { softmaxRow } from '../loss/index.js';

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

export const selectionMetrics = ['balancedAccuracy', 'balancedLoss', 'loss'] as const;
export type SelectionMetric = (typeof selectionMetrics)[number];

/** Whether `a` beats `b`; equal accuracies, common on few rows, are told apart by the balanced loss. */
export function better(a: ValidationScore, b: ValidationScore, metric: SelectionMetric): boolean {
  if (metric !== 'balancedAccuracy') return a[metric] < b[metric];
  if (a.balancedAccuracy !== b.balancedAccuracy) return a.balancedAccuracy > b.balancedAccuracy;
  return a.balancedLoss < b.balancedLoss;
}
