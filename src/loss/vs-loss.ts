import { number } from '../core/options.js';
import { weigher, weightOptions } from './class-weights.js';
import { defineLoss } from './loss.js';
import { byCounts } from './prior.js';
import { lossOfRows } from './row-loss.js';

/** gamma 0: logit adjustment; tau 0: class-dependent temperatures. */
export const vsLoss = defineLoss({
  name: 'vs-loss',
  summary: 'vector scaling: cross-entropy of logits both divided and shifted class by class',
  paper:
    'Kini, Paraskevas, Oymak, Thrampoulidis, "Label-Imbalanced and Group-Sensitive Classification under Overparameterization", NeurIPS 2021, arXiv:2103.01550',
  shiftInvariant: false,
  options: {
    ...weightOptions,
    gamma: number({
      min: 0,
      max: 2,
      default: 0.15,
      help: 'a logit is multiplied by (its class / largest class)^gamma; 0: no scaling; large: rare classes are predicted too often',
    }),
    tau: number({
      min: 0,
      max: 10,
      default: 1,
      help: 'strength of the shift by the log of the class shares; 0: none; large: rare classes are predicted too often',
    }),
  },
  create(options) {
    const { gamma, tau, reduction } = options;
    return lossOfRows({
      weigh: weigher('vs-loss', options),
      reduction,
      start: byCounts('vs-loss', (count, { largest, total }) => ({
        scale: (count / largest) ** gamma,
        shift: tau * Math.log(count / total),
      })),
    });
  },
});
