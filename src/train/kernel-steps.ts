/** An epoch as one call of a kernel, off the event loop, where head, loss and optimizer are of the forms it knows. */

import type { Learnt, LearningRule } from '../kernels/index.js';
import { diverged, type RunEpoch, type Training } from './epoch.js';
import type { Parameter } from '../head/index.js';

/** Multiplications a step below which a second thread would cost more time than it saves. */
const worthAThread = 1 << 19;

/** How many threads a step of so many rows is worth. */
export function threadsFor({ head, threads }: Training, rows: number): number {
  const numbers = head.parameters.reduce((sum, { data }) => sum + data.length, 0);
  return rows * numbers < worthAThread ? 1 : threads;
}

function keep({ data }: Parameter, kind: LearningRule['kind']): Learnt {
  const same = () => new Float32Array(data.length);
  return { values: data, ...(kind !== 'sum' && { first: same() }), ...(kind === 'adam' && { second: same() }) };
}

/** Undefined where something of this training is not of that form. */
export function kernelSteps(training: Training): RunEpoch | undefined {
  const { head, moving, optimizer, loss, given, kernels, epochs, batchSize, stepsPerEpoch, epochRows } = training;
  const { signal, onProgress, stretches } = training;
  const { definition, options } = optimizer;
  const { form } = loss.evaluate;
  const rule = 'rule' in definition ? definition.rule : undefined;
  if (!kernels.learn || !head.layers || !form || !rule || moving.length < head.parameters.length) return undefined;

  const { kind } = rule(options, { rate: 1, stepsBefore: 0 });
  const layers = head.layers.map(({ weight, bias }) => ({
    outputs: weight.shape[0] as number,
    weight: keep(weight, kind),
    ...(bias && { bias: keep(bias, kind) }),
  }));
  const losses = new Float64Array(2 * stepsPerEpoch);
  const threads = threadsFor(training, batchSize);
  return async (visits, { epoch, rate }, meanwhile) => {
    const stepsBefore = epoch * stepsPerEpoch;
    const wanted = form({ ...given, epoch, epochs });
    let sum = 0;
    for await (const { table, order, start } of stretches(visits, batchSize)) {
      const first = start / batchSize;
      const end = first + Math.ceil(order.length / batchSize);
      const learning = kernels.learn?.({
        rows: table,
        visits: order,
        batchSize,
        layers,
        loss: wanted,
        rule: rule(options, { rate, stepsBefore: stepsBefore + first }),
        threads,
        losses: losses.subarray(2 * first, 2 * end),
        ...(signal && { signal }),
        ...(onProgress && {
          onProgress: (done) =>
            onProgress({ stage: 'train', done: stepsBefore + first + done, total: epochs * stepsPerEpoch }),
        }),
      });
      meanwhile();
      await learning;
      for (let step = first; step < end; step++) {
        const lossSum = losses[2 * step] as number;
        const weight = losses[2 * step + 1] as number;
        const rows = step === stepsPerEpoch - 1 ? epochRows - step * batchSize : batchSize;
        if (!Number.isFinite(lossSum)) throw diverged({ epoch, epochs, step, rate }, `the loss is ${lossSum}`);
        if (!wanted.byWeight) sum += lossSum;
        else if (weight > 0) sum += (lossSum * rows) / weight;
      }
    }
    return { loss: sum / epochRows };
  };
}
