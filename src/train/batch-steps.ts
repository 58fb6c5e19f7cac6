/** An epoch batch by batch, each through head, loss and optimizer as their definitions say: what every part can take part in. */

import type { EvaluateBatch } from './batch-loss.js';
import { breather, diverged, type RunEpoch, type Training } from './epoch.js';
import type { OptimizerDefinition } from './optimizer.js';
import { Batch } from './rows.js';
import type { StepFunction } from './step-method.js';
import type { Visits } from './stretches.js';

export interface BatchStepsSettings {
  /** Where `evaluate` and `step` leave the gradients, one array a parameter. */
  readonly gradients: readonly Float32Array[];
  readonly evaluate: EvaluateBatch;
  /** Makes the gradients of a step; `evaluate` by default. */
  readonly step?: StepFunction;
  /** Batches whose mean gradient makes one step of the optimizer. */
  readonly accumulate: number;
}

function addTo(sums: readonly Float32Array[], terms: readonly Float32Array[], factor: number): void {
  sums.forEach((sum, p) => {
    const term = terms[p] as Float32Array;
    for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] as number) + factor * (term[j] as number);
  });
}

export function batchSteps(training: Training, settings: BatchStepsSettings): RunEpoch {
  const { head, moving, optimizer, kernels, epochs, epochRows, batchSize, stepsPerEpoch, dropped, stretches } =
    training;
  const { gradients, evaluate, step: gradientsOf = evaluate, accumulate } = settings;
  const movingGradients = moving.map((p) => gradients[p] as Float32Array);
  const optimize = (optimizer.definition as OptimizerDefinition).create(
    moving.map((p) => (head.parameters[p] as (typeof head.parameters)[number]).data),
    optimizer.options,
    kernels,
  );
  const full = new Batch(batchSize, head.inputDim, head.classes);
  const tailRows = epochRows - (stepsPerEpoch - 1) * batchSize;
  const tail = tailRows === batchSize ? full : new Batch(tailRows, head.inputDim, head.classes);
  const sums = accumulate > 1 ? movingGradients.map(({ length }) => new Float32Array(length)) : undefined;
  let gathered = 0;
  const breathe = breather(training);

  /** Every step of an epoch with the rows of its batch, which begin at `at`. */
  async function* steps(visits: Visits) {
    for await (const { table, order, start } of stretches(visits, batchSize))
      for (let at = 0; at < order.length; at += batchSize) yield { step: (start + at) / batchSize, at, table, order };
  }

  return async (visits, { epoch, rate }) => {
    let lossSum = 0;
    for await (const { step, at, table, order } of steps(visits)) {
      const batch = step === stepsPerEpoch - 1 ? tail : full;
      batch.load(table, order, at, kernels);
      const place = { epoch, epochs, step, rate };
      const before = epoch * stepsPerEpoch + step;
      dropped?.seek(before);
      const value = gradientsOf(batch, place);
      if (!Number.isFinite(value)) throw diverged(place, `the loss is ${value}`);
      if (sums) {
        gathered++;
        addTo(sums, movingGradients, 1);
      }
      if (!sums || gathered === accumulate || before + 1 === epochs * stepsPerEpoch) {
        if (sums) {
          movingGradients.forEach((gradient) => gradient.fill(0));
          addTo(movingGradients, sums, 1 / gathered);
          sums.forEach((sum) => sum.fill(0));
          gathered = 0;
        }
        optimize(movingGradients, rate, {
          value,
          evaluate(other) {
            dropped?.seek(before);
            return evaluate(batch, place, other && { loss: other });
          },
        });
      }
      lossSum += value * batch.rows;
      await breathe(before + 1);
    }
    return { loss: lossSum / epochRows };
  };
}
