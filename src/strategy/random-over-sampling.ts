import { samplers } from '../sampler/index.js';
import { defineStrategy, withoutSeed } from './strategy.js';

const sampler = samplers['random-over-sampling'];

export const randomOverSampling = defineStrategy({
  name: 'random-over-sampling',
  summary: 'repeat rows of the small classes until all are equal',
  ...(sampler.paper !== undefined && { paper: sampler.paper }),
  options: withoutSeed(sampler.options),
  recipe: ({ options }) => ({
    loss: 'cross-entropy',
    sampler: { ...options, name: sampler.name },
    batchSampler: 'instance',
  }),
});
