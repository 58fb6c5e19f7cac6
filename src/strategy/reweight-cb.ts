import { betaRule, reweighted } from './deferred.js';
import { classBalanced } from './class-balanced.js';
import { defineStrategy } from './strategy.js';

export const reweightCb = defineStrategy({
  name: 'reweight-cb',
  summary: 'class-balanced with the plain mean, whose steps are shorter',
  when: 'to repeat published runs; else class-balanced, whose steps keep their length',
  ...(classBalanced.paper !== undefined && { paper: classBalanced.paper }),
  options: { beta: betaRule },
  recipe: ({ options: { beta } }) => ({
    loss: reweighted({ beta, weightsFrom: 0 }),
    sampler: null,
    batchSampler: 'instance',
  }),
});
