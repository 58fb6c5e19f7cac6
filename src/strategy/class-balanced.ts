import { betaRule } from './deferred.js';
import { defineStrategy } from './strategy.js';

export const classBalanced = defineStrategy({
  name: 'class-balanced',
  summary: 'class weights by effective number, milder than by frequency',
  when: 'the smallest classes have so few or so noisy rows that counting them fully would hurt',
  paper:
    'Cui, Jia, Lin, Song, Belongie, "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019, arXiv:1901.05555',
  options: { beta: betaRule },
  recipe: ({ options: { beta } }) => ({
    loss: { name: 'cross-entropy', classWeights: 'effective-number', beta, reduction: 'weight-mean' },
    sampler: null,
    batchSampler: 'instance',
  }),
});
