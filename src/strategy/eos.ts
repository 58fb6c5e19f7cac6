import { boolean, choice } from '../core/options.js';
import { samplers } from '../sampler/index.js';
import { defineStrategy } from './strategy.js';

const sampler = samplers.eos;
/** Draws follow the seed of the training. */
const { seed: _, ...samplerOptions } = sampler.options;

/**
 * Phases two and three of EOS; phase one is the backbone. The paper's head training: ten epochs over the resampled rows with
 * SGD at 0.1, momentum 0.9, weight decay 2e-4, the rate rising over the first five epochs.
 */
const paperTraining = {
  epochs: 10,
  epochLength: 'resampled',
  learningRate: 0.1,
  optimizer: { name: 'sgd', momentum: 0.9, weightDecay: 2e-4 },
  schedule: { name: 'constant', warmupEpochs: 5 },
} as const;

export const eos = defineStrategy({
  name: 'eos',
  summary: 'fills up the small classes towards their nearest enemies',
  when: 'small classes are right on training rows and missed on test rows, and recall counts more than precision',
  ...(sampler.paper !== undefined && { paper: sampler.paper }),
  options: {
    ...samplerOptions,
    training: choice({
      of: ['shared', 'paper'],
      default: 'shared',
      help: "schedule, rate and number of steps: shared with all strategies, or the paper's, whose rate of 0.1 suits rows of about 64 columns",
    }),
    warmStart: boolean({
      default: false,
      help: 'begin from a head trained on the rows as they are, not from a random one',
    }),
  },
  recipe({ options: { training, warmStart, ...options } }) {
    const retrain = {
      name: 'resampled rows',
      sampler: { ...options, name: sampler.name },
      ...(training === 'paper' && paperTraining),
    };
    return {
      loss: 'cross-entropy',
      batchSampler: 'instance',
      stages: warmStart ? [{ name: 'rows as they are', sampler: null }, retrain] : [retrain],
    };
  },
});
