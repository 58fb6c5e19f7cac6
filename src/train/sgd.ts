import { boolean, number } from '../core/options.js';
import { accumulate, defineOptimizer } from './optimizer.js';

/** v ← momentum · v + (g + weightDecay · w); w ← w − rate · v, or with Nesterov w − rate · (g + momentum · v). PyTorch's `SGD` with dampening 0. */
export const sgd = defineOptimizer({
  name: 'sgd',
  summary: 'stochastic gradient descent with momentum',
  options: {
    momentum: number({
      min: 0,
      max: 0.999,
      default: 0.9,
      help: 'share of the last step kept; 0: plain descent, slow along flat directions; near 1: overshoots',
    }),
    nesterov: boolean({ default: false, help: 'look ahead by one step of momentum' }),
    weightDecay: number({
      min: 0,
      default: 2e-4,
      help: 'pull of every parameter towards 0; 0: weights of a separable set grow as long as training lasts; large: underfits',
    }),
  },
  rule: (options, { rate }) => ({ kind: 'momentum', rate, ...options }),
  create(parameters, { momentum, nesterov, weightDecay }, kernels) {
    const velocities = parameters.map((parameter) => new Float32Array(parameter.length));
    return (gradients, rate) => {
      for (let p = 0; p < parameters.length; p++) {
        const w = parameters[p] as Float32Array;
        const g = gradients[p] as Float32Array;
        const v = velocities[p] as Float32Array;
        if (weightDecay !== 0) accumulate(kernels, g, 1, w, weightDecay);
        accumulate(kernels, v, momentum, g, 1);
        if (nesterov) accumulate(kernels, w, 1, g, -rate);
        accumulate(kernels, w, 1, v, nesterov ? -rate * momentum : -rate);
      }
    };
  },
});
