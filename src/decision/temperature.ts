import { defineCalibration, type HeldRows } from './calibration.js';
import { evenClasses, rowWeights } from './row-weights.js';

/** Temperatures looked at: beyond them probabilities are all but equal, or all but certain. */
const LOWEST = 0.01;
const HIGHEST = 100;

/** First and second derivative of the mean cross-entropy of `inverse · logits` with respect to `inverse`. */
function slopes({ logits, labels, classes }: HeldRows, weights: Float64Array, inverse: number): [number, number] {
  let first = 0;
  let second = 0;
  for (let i = 0, at = 0; i < labels.length; i++, at += classes) {
    let highest = -Infinity;
    for (let c = 0; c < classes; c++) highest = Math.max(highest, logits[at + c] as number);
    let sum = 0;
    let mean = 0;
    let square = 0;
    for (let c = 0; c < classes; c++) {
      // Measured from the highest, so that nothing is subtracted from something alike.
      const below = (logits[at + c] as number) - highest;
      const e = Math.exp(inverse * below);
      sum += e;
      mean += e * below;
      square += e * below * below;
    }
    mean /= sum;
    const weight = weights[i] as number;
    first += weight * (mean - ((logits[at + (labels[i] as number)] as number) - highest));
    second += weight * (square / sum - mean * mean);
  }
  return [first / labels.length, second / labels.length];
}

/** Whether the label of every row has its highest logit: the loss then falls for ever as the temperature does. */
function allRight({ logits, labels, classes }: HeldRows): boolean {
  return labels.every((label, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    return row.every((logit) => logit <= (row[label] as number));
  });
}

/** The temperature of least cross-entropy: the loss is convex in 1/T, so Newton's steps, kept inside a bracket, find it. */
function leastLoss(held: HeldRows, weights: Float64Array): number {
  let [low, high] = [1 / HIGHEST, 1 / LOWEST];
  if (slopes(held, weights, low)[0] >= 0) return HIGHEST;
  if (slopes(held, weights, high)[0] <= 0) return LOWEST;
  let inverse = 1;
  for (let step = 0; step < 200; step++) {
    const [slope, curvature] = slopes(held, weights, inverse);
    if (slope > 0) high = inverse;
    else low = inverse;
    const newton = inverse - slope / curvature;
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high);
    if (Math.abs(next - inverse) <= 1e-12 * inverse) break;
    inverse = next;
  }
  return 1 / inverse;
}

export const temperature = defineCalibration({
  name: 'temperature',
  summary: 'one number that all logits are divided by: mends over- and under-confidence and changes no ranking',
  paper: 'Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, arXiv:1706.04599',
  options: { evenClasses },
  needsRows: true,
  fit({ held, options }) {
    const rows = held as HeldRows;
    if (allRight(rows))
      return {
        found: {
          temperature: 1,
          note: 'the head is right on every held-out row, which no temperature is too low for: left at 1',
        },
      };
    const found = leastLoss(rows, rowWeights(rows, options.evenClasses));
    const limit = found === LOWEST || found === HIGHEST;
    return {
      scale: 1 / found,
      found: { temperature: found, ...(limit && { note: 'the loss still falls beyond this limit' }) },
    };
  },
});
