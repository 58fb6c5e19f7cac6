import { deferralPaper, deferralRules, reweighted } from './deferred.js';
import { defineStrategy } from './strategy.js';

export const drw = defineStrategy({
  name: 'drw',
  summary: 'class weights in the last epochs only',
  when: 'class weights from the start overfit the smallest classes, and epochs are many',
  paper: deferralPaper,
  options: deferralRules,
  recipe: ({ options }) => ({ loss: reweighted(options), sampler: null, batchSampler: 'instance' }),
});
