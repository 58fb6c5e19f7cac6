/** Per-row weights from a small network, learnt so that a step with them helps on balanced batches. */

import { createHead } from '../head/index.js';
import { softmaxRow } from '../loss/index.js';
import { createOptimizer, type StepMethod } from '../train/index.js';
import { lossSlopes } from './curvature.js';

export interface WeightNetOptions {
  readonly netWidth: number;
  readonly netRate: number;
  readonly metaRows: number;
}

/**
 * The weight of a row is v = sigmoid(V(loss)), V a hidden rectifier layer and one output a group of classes. Each step:
 * θ^ = θ − a Σ u_i ∇l_i with u_i = v_i / Σv; V follows the gradient of the loss of a class-balanced batch at θ^; then the head
 * steps with the new weights. With G = ∇L_meta(θ^), dL_meta/du_i = −a ⟨G, ∇l_i⟩, and
 * ⟨G, ∇l_i⟩ is the slope of row i's loss along G, so no gradient of a single row is ever formed.
 *
 * @param groupOf the group of each class.
 */
export function weightNetStep(name: string, groupOf: Int32Array, options: WeightNetOptions): StepMethod {
  const { netWidth, netRate, metaRows } = options;
  const groups = groupOf.reduce((most, group) => Math.max(most, group), 0) + 1;
  return {
    name,
    options: { ...options, groups: [...groupOf] },
    async prepare({ head, gradients, learningRate, rng, batches, evaluate, batchSize, kernels }) {
      const { classes } = head;
      const net = createHead('mlp', {
        inputDim: 1,
        classes: groups,
        seed: rng.seed,
        options: { hidden: [netWidth] },
        kernels,
      });
      const netParameters = net.parameters.map(({ data }) => data);
      const netGradients = netParameters.map(({ length }) => new Float32Array(length));
      const { step } = createOptimizer({ name: 'adamw', weightDecay: 1e-5 }, netParameters);
      const nextMeta = await batches({ name: `${name}/meta`, rows: metaRows, batchSampler: 'class-balanced' });
      const before = head.parameters.map(({ data }) => data.slice());
      const direction = gradients.map((gradient) => gradient.slice());
      const room = {
        losses: new Float32Array(batchSize),
        dots: new Float32Array(batchSize),
        outputs: new Float32Array(batchSize * groups),
        slopes: new Float32Array(batchSize * groups),
        values: new Float32Array(batchSize),
        weights: new Float32Array(batchSize),
        along: new Float32Array(batchSize * classes),
      };
      const cut = (rows: number) => ({
        losses: room.losses.subarray(0, rows),
        outputs: room.outputs.subarray(0, rows * groups),
        slopes: room.slopes.subarray(0, rows * groups),
        along: room.along.subarray(0, rows * classes),
      });
      const { values, weights, dots } = room;

      return (batch, place) => {
        const { rows, labels, logits } = batch;
        const { losses, outputs, slopes, along } = cut(rows);
        /** Weights of mean 1 from the network as it is; returns the sum of its values. */
        const weigh = (): number => {
          net.forward(losses, rows, outputs);
          let sum = 0;
          for (let i = 0; i < rows; i++) {
            const z = outputs[i * groups + (groupOf[labels[i] as number] as number)] as number;
            values[i] = 1 / (1 + Math.exp(-z));
            sum += values[i] as number;
          }
          for (let i = 0; i < rows; i++) weights[i] = ((values[i] as number) * rows) / sum;
          return sum;
        };

        head.forward(batch.x, rows, logits);
        for (let i = 0, at = 0; i < rows; i++, at += classes)
          losses[i] = softmaxRow(logits, at, classes, batch.gradient) - (logits[at + (labels[i] as number)] as number);
        const sum = weigh();
        evaluate(batch, place, { sampleWeights: weights });
        head.parameters.forEach(({ data }, p) => {
          before[p]?.set(data);
          const gradient = gradients[p] as Float32Array;
          for (let j = 0; j < data.length; j++) data[j] = (data[j] as number) - learningRate * (gradient[j] as number);
        });
        evaluate(nextMeta(), place);
        gradients.forEach((gradient, p) => direction[p]?.set(gradient));
        head.parameters.forEach(({ data }, p) => data.set(before[p] as Float32Array));

        lossSlopes(head, batch, direction, along, dots);
        let mean = 0;
        for (let i = 0; i < rows; i++) mean += ((values[i] as number) / sum) * (dots[i] as number);
        slopes.fill(0);
        for (let i = 0; i < rows; i++) {
          const v = values[i] as number;
          slopes[i * groups + (groupOf[labels[i] as number] as number)] =
            (-learningRate / sum) * ((dots[i] as number) - mean) * v * (1 - v);
        }
        net.backward(losses, rows, slopes, netGradients);
        step(netGradients, netRate, { value: 0, evaluate: () => 0 });
        weigh();
        return evaluate(batch, place, { sampleWeights: weights });
      };
    },
  };
}
