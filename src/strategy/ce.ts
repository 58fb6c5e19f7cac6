import { defineStrategy } from './strategy.js';

export const ce = defineStrategy({
  name: 'ce',
  summary: 'plain cross-entropy on the rows as they are: the baseline',
  options: {},
  recipe: () => ({ loss: 'cross-entropy', sampler: null, batchSampler: 'instance' }),
});
