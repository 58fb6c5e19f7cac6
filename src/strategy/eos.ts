import { samplers } from '../sampler/index.js';
import { defineStrategy, withoutSeed } from './strategy.js';

const sampler = samplers.eos;

export const eos = defineStrategy({
  name: 'eos',
  summary: 'fill up the small classes towards their nearest enemies',
  ...(sampler.paper !== undefined && { paper: sampler.paper }),
  options: withoutSeed(sampler.options),
  recipe: ({ options }) => ({
    loss: 'cross-entropy',
    sampler: { ...options, name: sampler.name },
    batchSampler: 'instance',
  }),
});
