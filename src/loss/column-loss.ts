/** What losses of rows with any number of labels share: a formula for one logit and whether the row has that class. */

import { EquipoiseError } from '../core/errors.js';
import { highestLogit, reduce, type EvaluateLoss, type LossBatch } from './loss.js';

/** What `ColumnLoss` leaves of one logit: its loss and the slope of that. */
export interface Term {
  value: number;
  slope: number;
}

/** The loss of one logit, of a row that has the class or has not; `at` is its place in the batch. */
export type ColumnLoss = (z: number, has: boolean, classId: number, term: Term, at: number) => void;

/** A loss from its formula for one logit: summed over the classes, averaged over the rows. A target between 0 and 1 is both, by its share. */
export function lossOfColumns(start: (batch: LossBatch) => ColumnLoss): EvaluateLoss {
  const term: Term = { value: 0, slope: 0 };
  return (batch, gradient) => {
    const { logits, targets, sampleWeights, rows, classes } = batch;
    if (targets === undefined) throw new EquipoiseError('ERR_OPTION', 'Expected targets, (B, C), but received none');
    const columnLoss = start(batch);
    let sum = 0;
    for (let i = 0, at = 0; i < rows; i++) {
      highestLogit(logits, at, classes);
      const weight = sampleWeights === undefined ? 1 : (sampleWeights[i] as number);
      for (let j = 0; j < classes; j++, at++) {
        const t = targets[at] as number;
        let slope = 0;
        for (let part = 0; part < 2; part++) {
          const share = weight * (part === 0 ? t : 1 - t);
          if (share === 0) continue;
          columnLoss(logits[at] as number, part === 0, j, term, at);
          sum += share * term.value;
          slope += share * term.slope;
        }
        gradient[at] = slope;
      }
    }
    return reduce(sum, rows, gradient, rows * classes);
  };
}

/** log σ(z), without overflow on either side. */
export function logSigmoid(z: number): number {
  return z >= 0 ? -Math.log1p(Math.exp(-z)) : z - Math.log1p(Math.exp(z));
}

export function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : 1 - 1 / (1 + Math.exp(z));
}
