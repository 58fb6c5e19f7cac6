import { losses } from '../loss/index.js';
import { defineStrategy } from './strategy.js';

export const classWeightsSigmoid = defineStrategy({
  name: 'class-weights-sigmoid',
  summary:
    'a yes or no a class, in which the rows with a class and those without it count alike, for rows with any number of labels',
  when: 'first of the remedies for rows with any number of labels: rare ones are found, and named too often; thresholds a class mend that',
  options: {},
  recipe: () => ({
    loss: { name: losses['binary-cross-entropy'].name, positiveWeights: 'balanced' },
    sampler: null,
    batchSampler: 'instance',
  }),
  targets: 'many',
});
