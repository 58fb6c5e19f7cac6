import { batchSamplers } from '../train/index.js';
import { deferralPaper } from './deferred.js';
import { defineStrategy } from './strategy.js';

export const drs = defineStrategy({
  name: 'drs',
  summary: 'balanced batches in the last epochs only',
  when: 'balanced batches from the start overfit the smallest classes, and epochs are many',
  paper: deferralPaper,
  options: batchSamplers.deferred.options,
  recipe: ({ options }) => ({
    loss: 'cross-entropy',
    sampler: null,
    batchSampler: { ...options, name: batchSamplers.deferred.name },
  }),
});
