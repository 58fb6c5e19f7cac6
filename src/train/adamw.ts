import { number } from '../core/options.js';
import { defineOptimizer } from './optimizer.js';

/** Adam with decoupled weight decay, PyTorch's `AdamW`: w ← w (1 − rate · weightDecay) − rate · m̂ / (√v̂ + epsilon). */
export const adamw = defineOptimizer({
  name: 'adamw',
  summary: 'steps of nearly equal length for every parameter, whatever the scale of its gradient',
  paper: 'Loshchilov, Hutter, "Decoupled Weight Decay Regularization", arXiv:1711.05101',
  options: {
    beta1: number({
      min: 0,
      max: 0.9999,
      default: 0.9,
      help: 'share of the mean gradient kept; small: noisy; near 1: slow to turn',
    }),
    beta2: number({
      min: 0,
      max: 0.99999,
      default: 0.999,
      help: 'share of the mean squared gradient kept; small: steps jump with the batch; near 1: late to notice a new scale',
    }),
    epsilon: number({
      min: 1e-12,
      default: 1e-8,
      help: 'keeps tiny gradients from making full steps; large: plain momentum',
    }),
    weightDecay: number({
      min: 0,
      default: 0.01,
      help: 'pull of every parameter towards 0, times the rate; large: underfits',
    }),
  },
  // A step moves a logit by at most rate · Σ|x_j| ≤ rate · √d ‖x‖; 0.02/√(1 + ‖x‖²) keeps that near 0.02 √d, and 0.01 bounds it for short rows.
  learningRate: ({ meanSquaredNorm }) => Math.min(0.01, 0.02 / Math.sqrt(1 + meanSquaredNorm)),
  rule: (options, place) => ({ kind: 'adam', ...place, ...options }),
  create(parameters, { beta1, beta2, epsilon, weightDecay }) {
    const means = parameters.map((parameter) => new Float32Array(parameter.length));
    const squares = parameters.map((parameter) => new Float32Array(parameter.length));
    let steps = 0;
    return (gradients, rate) => {
      steps++;
      const correction = Math.sqrt(1 - beta2 ** steps);
      const length = rate / (1 - beta1 ** steps);
      for (let p = 0; p < parameters.length; p++) {
        const w = parameters[p] as Float32Array;
        const g = gradients[p] as Float32Array;
        const m = means[p] as Float32Array;
        const v = squares[p] as Float32Array;
        for (let j = 0; j < w.length; j++) {
          const slope = g[j] as number;
          const mean = beta1 * (m[j] as number) + (1 - beta1) * slope;
          const square = beta2 * (v[j] as number) + (1 - beta2) * slope * slope;
          m[j] = mean;
          v[j] = square;
          w[j] =
            (w[j] as number) * (1 - rate * weightDecay) - (length * mean) / (Math.sqrt(square) / correction + epsilon);
        }
      }
    };
  },
});
