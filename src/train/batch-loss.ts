/** Forward, loss and backward of one batch. */

import { EquipoiseError, expected } from '../core/errors.js';
import type { Loss } from '../loss/index.js';
import { diverged, type Training } from './epoch.js';
import type { Batch } from './rows.js';
import type { StepPlace } from './step-method.js';

/** The loss of a batch at the present parameters; its gradients land where `batchLoss` was told. */
export type EvaluateBatch = (
  batch: Batch,
  place: StepPlace,
  given?: { readonly loss?: Loss; readonly sampleWeights?: Float32Array },
) => number;

/** Whether no value is NaN or infinite. */
export function allFinite(values: Float32Array): boolean {
  for (let j = 0; j < values.length; j++) if (!Number.isFinite(values[j])) return false;
  return true;
}

/** @param gradients one array a parameter of the head. */
export function batchLoss(training: Training, gradients: readonly Float32Array[]): EvaluateBatch {
  const { head, loss, given, epochs, stepsPerEpoch, dropped } = training;
  return (batch, place, { loss: used = loss, sampleWeights } = {}) => {
    head.forward(batch.x, batch.rows, batch.logits, dropped);
    const factors = sampleWeights ?? (batch.weighted ? batch.sampleWeights : undefined);
    let value = NaN;
    let cause: unknown;
    try {
      value = used.evaluate(
        {
          logits: batch.logits,
          labels: batch.labels,
          ...(batch.targets && { targets: batch.targets }),
          ...(batch.soft && { otherLabels: batch.otherLabels, labelWeights: batch.labelWeights }),
          ...(factors && { sampleWeights: factors }),
          rows: batch.rows,
          classes: head.classes,
          epoch: place.epoch,
          epochs,
          step: place.epoch * stepsPerEpoch + place.step,
          ...given,
          ...(used.needs?.includes('rowNorms') && { rowNorms: batch.rowNorms() }),
        },
        batch.gradient,
      );
    } catch (error) {
      if (!(error instanceof EquipoiseError) || error.code !== 'ERR_DATA') throw error;
      cause = error;
    }
    if (cause === undefined && typeof value !== 'number')
      throw expected(
        'a number',
        `the value of loss ${used.name}`,
        value,
        'A loss writes its gradient and returns its mean over the batch',
      );
    if (!Number.isFinite(value))
      throw diverged(place, cause instanceof Error ? cause.message : `the loss is ${value}`, cause);
    if (!allFinite(batch.gradient)) throw diverged(place, `the gradient of loss ${used.name} is not finite`);
    head.backward(batch.x, batch.rows, batch.gradient, gradients);
    return value;
  };
}
