import { choice, custom, integer, number } from '../core/options.js';
import { EquipoiseError } from '../core/errors.js';
import type { Choice, StepMethod } from '../train/index.js';
import { softmaxCurvature } from './curvature.js';
import { defineStrategy } from './strategy.js';

/** A sampler of the registry, with options beside its name, or none. */
const samplerOption = (fallback: Choice | null, help: string) =>
  custom<Choice | null>({
    accepts: 'the name of a sampler, { name, …options }, or null',
    default: fallback,
    help,
    check: (value) =>
      value === null ||
      typeof value === 'string' ||
      (typeof value === 'object' && typeof (value as { name?: unknown }).name === 'string'),
  });

interface MetaOptions {
  readonly innerSampler: Choice | null;
  readonly innerBatchSize: number;
  readonly innerRate: number | 'auto';
  readonly order: 'first' | 'second';
  readonly leak: number;
}

/**
 * The gradient of the outer loss after one inner step: θ' = θ − a ∇L_in(θ), and ∇L_out(θ') is applied to θ. The second order
 * carries it back through the inner step, (I − a ∇²L_in(θ)) ∇L_out(θ'), which is exact for a head whose logits are affine.
 */
export function metaBalanceStep(options: MetaOptions): StepMethod {
  const { innerSampler, innerBatchSize, innerRate, order, leak } = options;
  return {
    name: 'metabalance',
    options: { ...options },
    async prepare({ head, gradients, learningRate, batches, evaluate }) {
      if (order === 'second' && !head.affine)
        throw new EquipoiseError(
          'ERR_OPTION',
          `metabalance.metaOrder 'second' is exact for heads whose logits are affine in the parameters (linear), which ${head.name} is not. Use 'first'`,
        );
      const rate = innerRate === 'auto' ? learningRate : innerRate;
      const nextInner = await batches({ name: 'metabalance/inner', rows: innerBatchSize, sampler: innerSampler });
      const before = head.parameters.map(({ data }) => data.slice());
      const inner = gradients.map((gradient) => gradient.slice());
      const outer = gradients.map((gradient) => gradient.slice());
      const along = new Float32Array(innerBatchSize * head.classes);
      const restore = () => head.parameters.forEach(({ data }, p) => data.set(before[p] as Float32Array));
      const move = (values: Float32Array, by: Float32Array, factor: number) => {
        for (let j = 0; j < values.length; j++) values[j] = (values[j] as number) + factor * (by[j] as number);
      };
      return (batch, place) => {
        const batchInner = nextInner();
        const lossInner = evaluate(batchInner, place);
        head.parameters.forEach(({ data }, p) => {
          before[p]?.set(data);
          inner[p]?.set(gradients[p] as Float32Array);
          move(data, gradients[p] as Float32Array, -rate);
        });
        const loss = evaluate(batch, place);
        restore();
        if (order === 'second') {
          gradients.forEach((gradient, p) => outer[p]?.set(gradient));
          head.forward(batchInner.x, batchInner.rows, batchInner.logits);
          head.tangent(batchInner.x, batchInner.rows, outer, along);
          softmaxCurvature(batchInner, head.classes, along);
          head.backward(batchInner.x, batchInner.rows, along, gradients);
          gradients.forEach((gradient, p) => {
            const own = outer[p] as Float32Array;
            for (let j = 0; j < gradient.length; j++) gradient[j] = (own[j] as number) - rate * (gradient[j] as number);
          });
        }
        if (leak !== 0) gradients.forEach((gradient, p) => move(gradient, inner[p] as Float32Array, leak));
        return loss + leak * lossInner;
      };
    },
  };
}

export const metabalance = defineStrategy({
  name: 'metabalance',
  summary: 'steps that make the loss on balanced batches small after one more step on natural ones',
  when: 'random over-sampling memorises the rare rows; costs two to three passes a step',
  paper:
    'Bansal, Goldblum, Cherepanova, Schwarzschild, Bruss, Goldstein, "MetaBalance: High-Performance Neural Networks for Class-Imbalanced Data", arXiv:2106.09643',
  options: {
    innerSampler: samplerOption(null, 'what the inner step trains on; null: the rows as they are'),
    outerSampler: samplerOption(
      'random-over-sampling',
      'what the loss to be made small is taken on; null: the rows as they are',
    ),
    innerBatchSize: integer({
      min: 1,
      default: 64,
      help: 'rows of the inner step; few: a noisy look ahead; many: slower',
    }),
    innerRate: custom<number | 'auto'>({
      accepts: "finite number >= 0, or 'auto'",
      default: 'auto',
      help: 'length of the inner step; 0: ordinary training on the outer sampler; auto: the learning rate; large: looks too far ahead',
      check: (value) => value === 'auto' || (Number.isFinite(value) && (value as number) >= 0),
    }),
    metaOrder: choice({
      of: ['first', 'second'],
      default: 'first',
      help: 'first: the gradient after the inner step is used as it is; second: exact, carried back through it (linear heads)',
    }),
    leak: number({
      min: 0,
      default: 0,
      help: 'share of the inner loss added; the paper uses 0.01 on tables; large: imbalanced again',
    }),
    outerBatches: integer({
      min: 1,
      default: 1,
      help: 'outer batches gathered for one step; the paper gathers 81 small ones; many: few steps',
    }),
  },
  ownSteps: 'several batches may make one step',
  recipe({ options: { outerSampler, outerBatches, metaOrder: order, ...step } }) {
    return {
      loss: 'cross-entropy',
      sampler: outerSampler,
      batchSampler: 'instance',
      step: metaBalanceStep({ ...step, order }),
      accumulate: outerBatches,
    };
  },
});
