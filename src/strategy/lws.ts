import { number } from '../core/options.js';
import { defineStrategy } from './strategy.js';

/** Learnable weight scaling: only the lengths of the class weights change, not their directions. */
export const lws = defineStrategy({
  name: 'lws',
  summary: 'a head learnt from the rows as they are, then one scale a class from class-balanced batches',
  when: 'the head ranks rows well but favours the large classes; one number a class is all there are rows to learn',
  paper: 'Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", arXiv:1910.09217',
  options: {
    scaleRate: number({
      min: 1e-6,
      default: 0.01,
      help: 'rate of the second stage, about the most a scale changes in a step; small: unfinished; large: jumps about',
    }),
  },
  ownSteps: 'its second stage moves one number a class',
  recipe: ({ options: { scaleRate } }) => ({
    head: 'scaled-linear',
    loss: 'cross-entropy',
    sampler: null,
    stages: [
      { name: 'head', batchSampler: 'instance', trainable: ['weight', 'bias'] },
      {
        name: 'scales',
        batchSampler: 'class-balanced',
        trainable: 'classifier',
        // The curvature along a scale is that of the logits squared, which no rate chosen from the rows could know: steps of a set length.
        optimizer: { name: 'adamw', weightDecay: 0 },
        learningRate: scaleRate,
      },
    ],
  }),
});
