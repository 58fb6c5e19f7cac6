import { number } from '../core/options.js';
import { defineLoss } from './loss.js';
import { byCounts } from './prior.js';
import { lossOfRows } from './row-loss.js';

export const cdt = defineLoss({
  name: 'cdt',
  summary:
    'class-dependent temperatures: the logits of rare classes are divided in training, so they learn to be larger',
  paper:
    'Ye, Chen, Zhan, Chao, "Identifying and Compensating for Feature Deviation in Imbalanced Deep Learning", arXiv:2001.01385',
  shiftInvariant: false,
  options: {
    gamma: number({
      min: 0,
      max: 2,
      default: 0.2,
      help: 'a logit is divided by (largest class / its class)^gamma; 0: cross-entropy; large: rare classes are predicted too often',
    }),
  },
  create: ({ gamma }) =>
    lossOfRows({ start: byCounts('cdt', (count, { largest }) => ({ scale: (count / largest) ** gamma })) }),
});
