import { defineStrategy } from './strategy.js';

export const ce = defineStrategy({
  name: 'ce',
  summary:
    'plain cross-entropy on the rows as they are: the baseline, and right where the test set is as imbalanced as the training set',
  options: {},
  recipe: () => ({ loss: 'cross-entropy', sampler: null, batchSampler: 'instance' }),
});
