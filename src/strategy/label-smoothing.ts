import { number } from '../core/options.js';
import { defineStrategy } from './strategy.js';

export const labelSmoothing = defineStrategy({
  name: 'label-smoothing',
  summary: 'plain cross-entropy with smoothed labels',
  when: 'probabilities are too sure; it does not balance classes',
  paper:
    'Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception Architecture for Computer Vision", CVPR 2016, arXiv:1512.00567',
  options: {
    labelSmoothing: number({
      min: 0,
      max: 1,
      default: 0.1,
      help: 'share of every target spread evenly over the classes; 0: labels as they are; near 1: nothing is learnt',
    }),
  },
  recipe: ({ options: { labelSmoothing: share } }) => ({
    loss: { name: 'cross-entropy', labelSmoothing: share },
    sampler: null,
    batchSampler: 'instance',
  }),
});
