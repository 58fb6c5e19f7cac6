/** Fits scale · z + shift by cross-entropy, convex in both. */

import { number } from '../core/options.js';
import { softmaxRow } from '../loss/index.js';
import { lbfgsSteps } from '../train/index.js';
import type { FittedCalibration, HeldRows } from './calibration.js';

export const ridge = number({
  min: 0,
  default: 1,
  help: 'how strongly the logits are held where they are, in rows; 0: a class that is never wrong runs away; large: nothing changes',
});

const most = 500;

/**
 * The least of mean cross-entropy + ridge/(2n) · (‖scale − 1‖² + ‖shift‖²).
 * @param scales 1 for one scale of all classes, C for one each.
 */
export function stretchAndShift(
  { logits, labels, classes }: HeldRows,
  weights: Float64Array,
  scales: 1 | number,
  strength: number,
): Required<Pick<FittedCalibration, 'scale' | 'shift'>> {
  // What is fitted is the departure from the logits as they are, so that the optimizer's pull is towards none.
  const stretch = new Float32Array(scales);
  const shift = new Float32Array(classes);
  const n = labels.length;
  const row = new Float64Array(classes);
  const slope = new Float64Array(classes);
  const evaluate = (gradient: Float64Array): number => {
    const sums = [new Float64Array(scales), new Float64Array(classes)] as const;
    let value = 0;
    for (let i = 0, at = 0; i < n; i++, at += classes) {
      for (let c = 0; c < classes; c++)
        row[c] = (logits[at + c] as number) * (1 + (stretch[c % scales] as number)) + (shift[c] as number);
      const label = labels[i] as number;
      const weight = (weights[i] as number) / n;
      value += weight * (softmaxRow(row, 0, classes, slope) - (row[label] as number));
      slope[label]! -= 1;
      for (let c = 0; c < classes; c++) {
        const g = weight * (slope[c] as number);
        sums[0][c % scales]! += g * (logits[at + c] as number);
        sums[1][c]! += g;
      }
    }
    gradient.set(sums[0]);
    gradient.set(sums[1], scales);
    return value;
  };
  const step = lbfgsSteps([stretch, shift], { memory: 10, l2: strength / n, tolerance: 1e-6 });
  for (let i = 0, converged = false; i < most && !converged; i++) {
    const asking = step();
    let asked = asking.next();
    while (!asked.done) asked = asking.next(evaluate(asked.value));
    ({ converged } = asked.value);
  }
  return { scale: Float64Array.from({ length: classes }, (_, c) => 1 + (stretch[c % scales] as number)), shift };
}
