import { samplers } from '../sampler/index.js';
import { defineStrategy, withoutSeed } from './strategy.js';

const sampler = samplers.smote;

export const smote = defineStrategy({
  name: 'smote',
  summary: 'fill up the small classes between neighbouring rows of the same class',
  ...(sampler.paper !== undefined && { paper: sampler.paper }),
  options: withoutSeed(sampler.options),
  recipe: ({ options }) => ({
    loss: 'cross-entropy',
    sampler: { ...options, name: sampler.name },
    batchSampler: 'instance',
  }),
});
