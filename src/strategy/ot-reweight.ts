import { integer, number } from '../core/options.js';
import { normalizeRows } from '../head/index.js';
import { classWeights } from '../loss/index.js';
import { Batch, type StepMethod } from '../train/index.js';
import { betaRule } from './deferred.js';
import { sinkhorn } from './sinkhorn.js';
import { defineStrategy } from './strategy.js';

export interface TransportOptions {
  readonly beta: number;
  readonly epsilon: number;
  readonly weightSteps: number;
  readonly weightRate: number;
  readonly prototypeShare: number;
}

/** Iterations and tolerance of the released code. */
const accuracy = { iterations: 200, tolerance: 0.1 };

/**
 * Weights of the rows of a batch by which it costs least to transport the batch onto the class means, each of the same mass. The cost
 * between a row and a mean is half of 1 − their cosine and half of the mean squared difference of their one-hot labels. Weights are a
 * softmax, begin class-balanced (effective number) and follow the gradient, which is that of the dual potentials.
 *
 * @param means (C, d) class means, @param classCounts of the training rows; classes without any are left out.
 * @returns a function that leaves in `weights` the weights of the batch, of mean 1.
 */
export function transportWeights(
  means: Float32Array,
  d: number,
  classCounts: Int32Array,
  { beta, epsilon, weightSteps, weightRate }: Omit<TransportOptions, 'prototypeShare'>,
) {
  const classes = classCounts.length;
  const present = [...classCounts.keys()].filter((c) => (classCounts[c] as number) > 0);
  const b = new Float64Array(present.length).fill(1 / present.length);
  const balanced = classWeights('effective-number', beta, classCounts);
  const units = new Float32Array(means.length);
  normalizeRows(means, classes, d, units);
  return ({ x, rows, labels }: Pick<Batch, 'x' | 'rows' | 'labels'>, weights: Float32Array): void => {
    const own = new Float32Array(rows * d);
    normalizeRows(x, rows, d, own);
    const cost = new Float64Array(rows * present.length);
    for (let i = 0, at = 0; i < rows; i++)
      for (const c of present) {
        let cosine = 0;
        for (let j = 0; j < d; j++) cosine += (own[i * d + j] as number) * (units[c * d + j] as number);
        cost[at++] = 0.5 * (1 - cosine) + (labels[i] === c ? 0 : 1 / classes);
      }
    const logits = Float64Array.from({ length: rows }, (_, i) => Math.log(balanced[labels[i] as number] as number));
    const a = new Float64Array(rows);
    const weigh = () => {
      const highest = logits.reduce((most, v) => Math.max(most, v), -Infinity);
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += a[i] = Math.exp((logits[i] as number) - highest);
      for (let i = 0; i < rows; i++) a[i] = (a[i] as number) / sum;
    };
    weigh();
    for (let step = 0; step < weightSteps; step++) {
      const { sources } = sinkhorn(cost, a, b, { epsilon, ...accuracy });
      const mean = sources.reduce((sum, f, i) => sum + f * (a[i] as number), 0);
      for (let i = 0; i < rows; i++)
        logits[i] = (logits[i] as number) - weightRate * rows * (a[i] as number) * ((sources[i] as number) - mean);
      weigh();
    }
    for (let i = 0; i < rows; i++) weights[i] = rows * (a[i] as number);
  };
}

/** The loss of each batch with its weights, and that of the class means beside it. */
export function transportStep(options: TransportOptions): StepMethod {
  const { prototypeShare: share } = options;
  return {
    name: 'ot-reweight',
    options: { ...options },
    prepare({ set, head, gradients, batchSize, evaluate }) {
      const { classes, inputDim: d } = head;
      const { classCounts } = set;
      const means = classMeans(set.embeddings.data, set.labels, classCounts, d);
      const present = [...classCounts.keys()].filter((c) => (classCounts[c] as number) > 0);
      const prototypes = new Batch(present.length, d, classes);
      present.forEach((c, i) => {
        prototypes.labels[i] = c;
        prototypes.x.set(means.subarray(c * d, (c + 1) * d), i * d);
      });
      const weigh = transportWeights(means, d, classCounts, options);
      const weights = new Float32Array(batchSize);
      const kept = gradients.map((gradient) => gradient.slice());
      return (batch, place) => {
        const onPrototypes = share === 0 ? 0 : evaluate(prototypes, place);
        gradients.forEach((gradient, p) => kept[p]?.set(gradient));
        weigh(batch, weights);
        if (batch.weighted)
          for (let i = 0; i < batch.rows; i++) weights[i] = (weights[i] as number) * (batch.sampleWeights[i] as number);
        const onBatch = evaluate(batch, place, { sampleWeights: weights });
        gradients.forEach((gradient, p) => {
          const other = kept[p] as Float32Array;
          for (let j = 0; j < gradient.length; j++)
            gradient[j] = (1 - share) * (gradient[j] as number) + (share === 0 ? 0 : share * (other[j] as number));
        });
        return (1 - share) * onBatch + share * onPrototypes;
      };
    },
  };
}

function classMeans(data: Float32Array, labels: Int32Array, classCounts: Int32Array, d: number): Float32Array {
  const sums = new Float64Array(classCounts.length * d);
  labels.forEach((label, i) => {
    for (let j = 0; j < d; j++) sums[label * d + j] = (sums[label * d + j] as number) + (data[i * d + j] as number);
  });
  return Float32Array.from(sums, (sum, at) => sum / Math.max(1, classCounts[Math.floor(at / d)] as number));
}

export const otReweight = defineStrategy({
  name: 'ot-reweight',
  summary:
    'a head learnt from the rows as they are, then gently from rows weighed by optimal transport onto the class means',
  when: 'within a class some rows are typical and others are not, so that weights by class alone would count outliers fully',
  paper:
    'Guo, Li, Zheng, Zhang, Zhou, Zha, "Learning to Re-weight Examples with Optimal Transport for Imbalanced Classification", NeurIPS 2022, arXiv:2208.02951',
  options: {
    beta: betaRule,
    epsilon: number({
      min: 1e-3,
      default: 0.1,
      help: 'entropy of the transport, in units of cost (at most about 1); small: slow, few rows get all the mass; large: all rows alike',
    }),
    weightSteps: integer({
      min: 0,
      max: 100,
      default: 1,
      help: 'gradient steps of the weights of a batch; 0: class-balanced weights',
    }),
    weightRate: number({
      min: 0,
      default: 1,
      help: 'rate of those steps, times the rows of the batch; 0: class-balanced weights; large: a few rows get all the mass',
    }),
    prototypeShare: number({
      min: 0,
      max: 1,
      default: 0.5,
      help: "share of the class means in the loss, the rest being the weighed rows'; 0: rows only; the released code: 10/11; 1: the means only",
    }),
    reweightFactor: number({
      min: 0,
      max: 1,
      default: 0.1,
      help: 'rate of the second stage, as a share of the first; 0: it teaches nothing; 1: the first is forgotten',
    }),
  },
  ownSteps: 'two stages with rates of their own',
  recipe: ({ options: { reweightFactor, ...options } }) => ({
    loss: 'cross-entropy',
    sampler: null,
    batchSampler: 'instance',
    stages: [
      { name: 'rows as they are' },
      { name: 'weighed rows', step: transportStep(options), rateFactor: reweightFactor },
    ],
  }),
});
