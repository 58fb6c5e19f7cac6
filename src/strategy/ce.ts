import { defineStrategy } from './strategy.js';

export const ce = defineStrategy({
  name: 'ce',
  summary: 'plain cross-entropy on the rows as they are',
  when: 'the baseline of every comparison, and right where the test rows are as imbalanced as the training rows',
  options: {},
  recipe: () => ({ loss: 'cross-entropy', sampler: null, batchSampler: 'instance' }),
});
