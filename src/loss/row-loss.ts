/** What most losses share: a formula for one row and one class, over which soft labels, weights and the mean are laid. */

import { reduce, highestLogit, softmaxRow, type EvaluateLoss, type LossBatch, type LossPlace } from './loss.js';

/**
 * The loss of one row of class `label`, given its C logits in `z`, a copy that may be overwritten; its slope with respect to
 * them goes to `slope`.
 */
export type RowLoss = (z: Float64Array, label: number, slope: Float64Array, row: number) => number;

/** What a softmax is taken of: scale_j · z_j + shift_j. */
export interface Stretch {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

export interface StartRows {
  /** Called once a batch. */
  (batch: LossBatch): RowLoss;
  /** Where the formula is the cross-entropy of stretched logits: how they are stretched. */
  readonly stretch?: (place: LossPlace) => Stretch;
}

export interface RowLossSettings {
  /** Factors of the classes; default: 1. */
  readonly weigh?: (place: LossPlace) => Float64Array;
  readonly reduction?: 'mean' | 'weight-mean';
  readonly start: StartRows;
}

/** A loss from its formula for one row: a soft label's loss is the mean of its two classes', by their shares. */
export function lossOfRows({ weigh, reduction = 'mean', start }: RowLossSettings): EvaluateLoss {
  let z = new Float64Array(0);
  let slope = z;
  const evaluate: EvaluateLoss = (batch, gradient) => {
    const { logits, labels, otherLabels, labelWeights, sampleWeights, rows, classes } = batch;
    if (z.length !== classes) {
      z = new Float64Array(classes);
      slope = new Float64Array(classes);
    }
    const weights = weigh?.(batch);
    const rowLoss = start(batch);
    gradient.fill(0, 0, rows * classes);
    let sum = 0;
    let weightSum = 0;
    for (let i = 0, at = 0; i < rows; i++, at += classes) {
      highestLogit(logits, at, classes);
      const sample = sampleWeights === undefined ? 1 : (sampleWeights[i] as number);
      const share = labelWeights === undefined ? 1 : (labelWeights[i] as number);
      for (let part = 0; part < 2; part++) {
        const label = (part === 0 ? labels[i] : otherLabels?.[i]) as number;
        const own = part === 0 ? share : 1 - share;
        if (own === 0) continue;
        const factor = sample * own * (weights === undefined ? 1 : (weights[label] as number));
        for (let j = 0; j < classes; j++) z[j] = logits[at + j] as number;
        weightSum += factor;
        sum += factor * rowLoss(z, label, slope, i);
        for (let j = 0; j < classes; j++)
          gradient[at + j] = (gradient[at + j] as number) + factor * (slope[j] as number);
      }
    }
    return reduce(sum, reduction === 'weight-mean' ? weightSum : rows, gradient, rows * classes);
  };
  const { stretch } = start;
  if (stretch === undefined) return evaluate;
  const form = (place: LossPlace) => {
    const { scale, shift } = stretch(place);
    return {
      scale: Float32Array.from(scale),
      shift: Float32Array.from(shift),
      ...(weigh && { classWeights: Float32Array.from(weigh(place)) }),
      byWeight: reduction === 'weight-mean',
    };
  };
  return Object.assign(evaluate, { form });
}

/** −log softmax(z)[label] and its slope, p − e. */
export function crossEntropyOf(z: Float64Array, label: number, slope: Float64Array): number {
  const logSum = softmaxRow(z, 0, z.length, slope);
  slope[label] = (slope[label] as number) - 1;
  return logSum - (z[label] as number);
}
