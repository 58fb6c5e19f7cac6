import { choice, number } from '../core/options.js';
import { createLoss } from '../loss/index.js';
import { accumulate, defineOptimizer } from './optimizer.js';
import { sgd } from './sgd.js';

/** Sharpness-aware minimisation: SGD along the gradient at θ + e, where e goes `rho` uphill from θ. */
export const sam = defineOptimizer({
  name: 'sam',
  summary:
    'SGD along the gradient taken a little uphill, which prefers flat minima; asymmetric: uphill for the rare classes',
  paper:
    'Foret et al., "Sharpness-Aware Minimization for Efficiently Improving Generalization", arXiv:2010.01412. SAM-A: Shwartz-Ziv et al., "Simplifying Neural Network Training Under Class Imbalance", arXiv:2312.02517',
  options: {
    rho: number({
      min: 0,
      default: 0.05,
      help: 'how far uphill; 0: plain SGD; large: the gradient is that of another place',
    }),
    ascent: choice({
      of: ['loss', 'class-weighted'],
      default: 'loss',
      help: 'what uphill means: of the loss itself (SAM), or of the cross-entropy in which classes weigh by n_max / n_c (SAM-A)',
    }),
    ...sgd.options,
  },
  looksAhead: true,
  create(parameters, { rho, ascent, ...base }, kernels) {
    const descend = sgd.create(parameters, base, kernels);
    const before = parameters.map((parameter) => parameter.slice());
    // Any factor common to all weights is lost in the normalisation, so inverse frequency is n_max / n_c.
    const weighted =
      ascent === 'class-weighted' ? createLoss('cross-entropy', { classWeights: 'inverse-frequency' }) : undefined;
    return (gradients, rate, objective) => {
      if (weighted) objective.evaluate(weighted);
      let square = 0;
      for (const g of gradients) for (let j = 0; j < g.length; j++) square += (g[j] as number) * (g[j] as number);
      const factor = square > 0 ? rho / Math.sqrt(square) : 0;
      parameters.forEach((w, p) => {
        before[p]?.set(w);
        accumulate(kernels, w, 1, gradients[p] as Float32Array, factor);
      });
      objective.evaluate();
      parameters.forEach((w, p) => w.set(before[p] as Float32Array));
      return descend(gradients, rate, objective);
    };
  },
});
