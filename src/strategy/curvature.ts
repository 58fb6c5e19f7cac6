/** Derivatives of the cross-entropy along a direction, for methods that look through a step. */

import { softmaxRow } from '../loss/index.js';
import type { Head } from '../head/index.js';
import type { Batch } from '../train/index.js';

/**
 * Turns `along`, (B, C) changes of the logits, into the change of the gradient of the mean cross-entropy with respect to them:
 * w_i/B · p ∘ (ż − p·ż) a row. Labels, hard or soft, do not enter.
 */
export function softmaxCurvature(batch: Batch, classes: number, along: Float32Array): void {
  const { logits, rows, gradient } = batch;
  for (let i = 0, at = 0; i < rows; i++, at += classes) {
    softmaxRow(logits, at, classes, gradient);
    let mean = 0;
    for (let j = at; j < at + classes; j++) mean += (gradient[j] as number) * (along[j] as number);
    const factor = (batch.weighted ? (batch.sampleWeights[i] as number) : 1) / rows;
    for (let j = at; j < at + classes; j++) along[j] = (gradient[j] as number) * ((along[j] as number) - mean) * factor;
  }
}

/**
 * How fast the cross-entropy of each row of a batch changes when the head moves along `direction`: (p − y) · ż, with ż the change of
 * the logits. `along` is (B, C) scratch.
 */
export function lossSlopes(
  head: Head,
  batch: Pick<Batch, 'x' | 'rows' | 'logits' | 'labels' | 'gradient'>,
  direction: readonly Float32Array[],
  along: Float32Array,
  slopes: Float32Array,
): void {
  const { x, rows, logits, labels, gradient: probabilities } = batch;
  const { classes } = head;
  head.forward(x, rows, logits);
  head.tangent(x, rows, direction, along);
  for (let i = 0, at = 0; i < rows; i++, at += classes) {
    softmaxRow(logits, at, classes, probabilities);
    let slope = -(along[at + (labels[i] as number)] as number);
    for (let j = at; j < at + classes; j++) slope += (probabilities[j] as number) * (along[j] as number);
    slopes[i] = slope;
  }
}
