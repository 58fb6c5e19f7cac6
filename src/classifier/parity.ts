/** Whether an exported graph says what the trained head says, on real rows. */

import { EquipoiseError } from '../core/errors.js';

export interface ParityReport {
  /** Rows on which both were run. */
  readonly rows: number;
  /** Between logits of the two, over all rows and classes. */
  readonly largestDifference: number;
  /** What is allowed: 1e-4 · max(1, largest |logit|) for float32 graphs, 1e-2 · … for float16 and integer ones. */
  readonly tolerance: number;
  /** Rows where the two name different classes although the first leads by more than the tolerance. */
  readonly disagreements: number;
  readonly withinTolerance: boolean;
}

function argmax(row: Float32Array): number {
  let best = 0;
  for (let c = 1; c < row.length; c++) if ((row[c] as number) > (row[best] as number)) best = c;
  return best;
}

/** Compares (rows, classes) logits. */
export function compareLogits(
  expectedLogits: Float32Array,
  exported: Float32Array,
  classes: number,
  precision: 'float32' | 'reduced',
): ParityReport {
  if (expectedLogits.length !== exported.length)
    throw new EquipoiseError(
      'ERR_INTEGRITY',
      `The exported graph gives ${exported.length} logits where the trained head gives ${expectedLogits.length}`,
    );
  let largest = 0;
  let largestDifference = 0;
  for (let i = 0; i < exported.length; i++) {
    const a = expectedLogits[i] as number;
    const difference = Math.abs(a - (exported[i] as number));
    largest = Math.max(largest, Math.abs(a));
    // NaN on either side must not pass as "no difference".
    largestDifference = Number.isNaN(difference) ? Infinity : Math.max(largestDifference, difference);
  }
  const tolerance = (precision === 'float32' ? 1e-4 : 1e-2) * Math.max(1, largest);
  const rows = exported.length / classes;
  let disagreements = 0;
  for (let r = 0; r < rows; r++) {
    const a = expectedLogits.subarray(r * classes, (r + 1) * classes);
    const b = exported.subarray(r * classes, (r + 1) * classes);
    const [first, second] = [argmax(a), argmax(b)];
    if (first !== second && (a[first] as number) - (a[second] as number) > tolerance) disagreements++;
  }
  const withinTolerance = largestDifference <= tolerance && disagreements === 0;
  return { rows, largestDifference, tolerance, disagreements, withinTolerance };
}
