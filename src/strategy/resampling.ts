import { choice, custom } from '../core/options.js';
import { samplers, type SamplerName } from '../sampler/index.js';
import { defineStrategy } from './strategy.js';

/** The better known samplers are strategies under their own names; this one takes them all. */
export const resampling = defineStrategy({
  name: 'resampling',
  summary: 'plain cross-entropy on the rows of any sampler: for one that is no strategy by itself, such as smote-nc',
  when: 'a sampler is to be tried that is no strategy by itself: smote-nc on tables with words, cleaning, combinations',
  options: {
    sampler: choice({
      of: Object.keys(samplers) as SamplerName[],
      default: 'borderline-smote',
      help: 'which sampler makes or removes training rows',
    }),
    samplerOptions: custom<Readonly<Record<string, unknown>>>({
      accepts: 'an object of options',
      default: {},
      help: 'options of the sampler, such as {"kNeighbors": 3}; draws follow the seed of the training unless it has one',
      check: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    }),
  },
  recipe: ({ options: { sampler, samplerOptions } }) => ({
    loss: 'cross-entropy',
    sampler: { ...samplerOptions, name: sampler },
    batchSampler: 'instance',
  }),
});
