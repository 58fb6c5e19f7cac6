import { pairings } from '../train/index.js';
import { defineStrategy } from './strategy.js';

const pairing = pairings['class-balanced'];

export const balancedMixup = defineStrategy({
  name: 'balanced-mixup',
  summary: 'mixes each row a little with one of an evenly drawn class',
  when: 'repeated rows of classes with a handful of rows are overfitted',
  paper: pairing.paper as string,
  options: pairing.options,
  recipe: ({ options }) => ({
    mix: 'mixup',
    pairing: { ...options, name: pairing.name },
    loss: 'cross-entropy',
    sampler: null,
    batchSampler: 'instance',
  }),
});
