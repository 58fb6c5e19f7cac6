import { number } from '../core/options.js';
import { losses } from '../loss/index.js';
import { deferralPaper, deferralRules, reweighted } from './deferred.js';
import { defineStrategy } from './strategy.js';

export const ldamDrw = defineStrategy({
  name: 'ldam-drw',
  summary: 'wider margins for rarer classes, then class weights, on a cosine head',
  when: 'classes overlap and the length of a row says nothing of its class; for the published recipe on long tails',
  paper: deferralPaper,
  options: {
    maxMargin: losses.ldam.options.maxMargin,
    scale: number({
      min: 0.001,
      default: 30,
      help: 'factor in front of the cosines; small: probabilities stay near uniform; large: training is as sharp as a hard margin',
    }),
    ...deferralRules,
  },
  recipe: ({ options: { maxMargin, scale, ...deferral } }) => ({
    head: { name: 'cosine', scale },
    loss: { ...reweighted(deferral, 'ldam'), maxMargin },
    sampler: null,
    batchSampler: 'instance',
  }),
});
