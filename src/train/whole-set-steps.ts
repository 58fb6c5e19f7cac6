/** An epoch as one step of a solver, which sees all rows. They are gathered block by block, never copied as a whole. */

import { EquipoiseError } from '../core/errors.js';
import { breather, diverged, type EpochPlace, type RunEpoch, type Training } from './epoch.js';
import { threadsFor } from './kernel-steps.js';
import type { SolverDefinition, WholeObjective } from './optimizer.js';
import { Batch } from './rows.js';
import type { Visits } from './stretches.js';

/** Rows gathered at a time: enough to multiply well, little enough to stay in the second cache between forward and back. */
const blockRows = 256;

type Evaluate = (visits: Visits, place: EpochPlace, gradient: Float64Array) => Promise<number>;

export function wholeSetSteps(training: Training): RunEpoch {
  const { head, moving, optimizer } = training;
  const evaluate = byKernel(training) ?? byParts(training);
  const parameters = moving.map((p) => (head.parameters[p] as (typeof head.parameters)[number]).data);
  const step = (optimizer.definition as SolverDefinition).solve(parameters, optimizer.options);
  return async (visits, place) => {
    const objective: WholeObjective = { evaluate: (gradient) => evaluate(visits, place, gradient) };
    const { loss, converged } = await step(objective);
    if (!Number.isFinite(loss)) throw diverged({ ...place, step: 0 }, `the loss is ${loss}`);
    return { loss, converged };
  };
}

/** Value and gradient by the kernel that sums them over batches. */
function byKernel(training: Training): Evaluate | undefined {
  const { head, moving, loss, given, kernels, epochs, epochRows, stretches, signal } = training;
  const { form } = loss.evaluate;
  const { layers } = head;
  if (!kernels.learn || !layers || !form || moving.length < head.parameters.length) return undefined;
  const batchSize = Math.min(blockRows, epochRows);
  const losses = new Float64Array(2 * Math.ceil(epochRows / batchSize));
  const threads = threadsFor(training, batchSize);
  return async (visits, { epoch }, gradient) => {
    gradient.fill(0);
    let at = 0;
    const part = (values: Float32Array) => ({ values, sum: gradient.subarray(at, (at += values.length)) });
    const wanted = form({ ...given, epoch, epochs });
    const summed = layers.map(({ weight, bias }) => ({
      outputs: weight.shape[0] as number,
      weight: part(weight.data),
      ...(bias && { bias: part(bias.data) }),
    }));
    for await (const { table, order, start } of stretches(visits, batchSize)) {
      const first = start / batchSize;
      await kernels.learn?.({
        rows: table,
        visits: order,
        batchSize,
        layers: summed,
        loss: wanted,
        rule: { kind: 'sum' },
        threads,
        losses: losses.subarray(2 * first, 2 * (first + Math.ceil(order.length / batchSize))),
        ...(signal && { signal }),
      });
    }
    let sum = 0;
    let weight = 0;
    for (let i = 0; i < losses.length; i += 2) {
      sum += losses[i] as number;
      weight += losses[i + 1] as number;
    }
    const divisor = wanted.byWeight ? weight : epochRows;
    for (let j = 0; j < gradient.length; j++) gradient[j] = (gradient[j] as number) / divisor;
    return sum / divisor;
  };
}

/** Value and gradient of any loss and head: all logits, then the loss, then back through the rows gathered once more. */
function byParts(training: Training): Evaluate {
  const { head, moving, loss, given, kernels, epochs, epochRows, stretches, dropped } = training;
  const { inputDim, classes } = head;
  const blocks = Math.ceil(epochRows / blockRows);
  const full = new Batch(Math.min(blockRows, epochRows), inputDim, classes);
  const tailRows = epochRows - (blocks - 1) * blockRows;
  const tail = tailRows === full.rows ? full : new Batch(tailRows, inputDim, classes);
  const logits = new Float32Array(epochRows * classes);
  const slopes = new Float32Array(epochRows * classes);
  let targets: Float32Array | undefined;
  const rowNorms = loss.needs?.includes('rowNorms') ? new Float32Array(epochRows) : undefined;
  const gradients = head.parameters.map(({ data }) => new Float32Array(data.length));
  const breathe = breather(training);

  /** Loads block after block and takes each forward, the same way each time. */
  async function* forward(visits: Visits) {
    for await (const { table, order, start } of stretches(visits, full.rows))
      for (let at = 0; at < order.length; at += full.rows) {
        const block = (start + at) / full.rows;
        const batch = block === blocks - 1 ? tail : full;
        batch.load(table, order, at, kernels);
        dropped?.seek(block);
        const part = logits.subarray(block * blockRows * classes).subarray(0, batch.rows * classes);
        head.forward(batch.x, batch.rows, part, dropped);
        yield { block, batch };
        await breathe();
      }
  }
  return async (visits, { epoch }, gradient) => {
    const { label, otherLabel, labelWeight, weight } = visits.table;
    for await (const { block, batch } of forward(visits)) {
      rowNorms?.set(batch.rowNorms(), block * blockRows);
      if (batch.targets)
        (targets ??= new Float32Array(epochRows * classes)).set(batch.targets, block * blockRows * classes);
    }
    let value: number;
    try {
      value = loss.evaluate(
        {
          logits,
          labels: label,
          ...(targets && { targets }),
          ...(otherLabel && labelWeight && { otherLabels: otherLabel, labelWeights: labelWeight }),
          ...(weight && { sampleWeights: weight }),
          rows: epochRows,
          classes,
          epoch,
          epochs,
          step: epoch,
          ...given,
          ...(rowNorms && { rowNorms }),
        },
        slopes,
      );
    } catch (error) {
      // A line search may try a step that is far too long, and then shortens it.
      if (!(error instanceof EquipoiseError) || error.code !== 'ERR_DATA') throw error;
      value = NaN;
    }
    gradient.fill(0);
    for await (const { block, batch } of forward(visits)) {
      const part = slopes.subarray(block * blockRows * classes).subarray(0, batch.rows * classes);
      head.backward(batch.x, batch.rows, part, gradients);
      let at = 0;
      for (const p of moving)
        for (const slope of gradients[p] as Float32Array) {
          gradient[at] = (gradient[at] as number) + slope;
          at++;
        }
    }
    return value;
  };
}
