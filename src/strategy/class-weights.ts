import { choice, custom } from '../core/options.js';
import { defineStrategy } from './strategy.js';

export const classWeights = defineStrategy({
  name: 'class-weights',
  summary: 'cross-entropy in which every class counts alike, or nearly so',
  when: 'first of all remedies to try: no extra rows, no tuning, and hard to beat where small classes have dozens of rows',
  paper:
    'inverse-frequency: customary. effective-number: Cui, Jia, Lin, Song, Belongie, "Class-Balanced Loss Based on Effective Number of Samples", arXiv:1901.05555',
  options: {
    weights: choice({
      of: ['inverse-frequency', 'effective-number'],
      default: 'inverse-frequency',
      help: 'inverse-frequency: every class counts alike; effective-number: large classes keep some of their lead',
    }),
    beta: custom<number | null>({
      accepts: 'number from 0 to below 1, or null',
      default: null,
      help: 'for effective-number (null: 0.9999); towards 1 approaches inverse-frequency',
      check: (value) => value === null || (typeof value === 'number' && value >= 0 && value < 1),
    }),
  },
  recipe: ({ options: { weights, beta } }) => ({
    // weight-mean: with the plain mean the average row would weigh next to nothing on a strongly imbalanced set, and steps with it.
    loss: { name: 'cross-entropy', classWeights: weights, beta, reduction: 'weight-mean' },
    sampler: null,
    batchSampler: 'instance',
  }),
});
