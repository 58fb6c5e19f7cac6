import { integer, number } from '../core/options.js';
import { defineStrategy } from './strategy.js';
import { weightNetStep } from './weight-net.js';

export const weightNetOptions = {
  netWidth: integer({
    min: 1,
    default: 100,
    help: 'width of the weighting network; narrow: weights nearly linear in the loss',
  }),
  netRate: number({
    min: 0,
    default: 1e-3,
    help: 'rate of the weighting network (AdamW); 0: its random weights stay; large: weights jump about',
  }),
  metaRows: integer({
    min: 1,
    default: 100,
    help: 'rows of the class-balanced batches that judge the weights, drawn from the training rows; few: noisy',
  }),
};

export const metaWeightNet = defineStrategy({
  name: 'meta-weight-net',
  summary: 'weighs each row by a small network of its loss, learnt to help on class-balanced batches',
  when: 'labels are noisy as well as imbalanced; costs about five passes a step',
  paper: 'Shu et al., "Meta-Weight-Net: Learning an Explicit Mapping For Sample Weighting", arXiv:1902.07379',
  options: weightNetOptions,
  recipe: ({ options, classCounts }) => ({
    loss: 'cross-entropy',
    sampler: null,
    batchSampler: 'instance',
    step: weightNetStep('meta-weight-net', new Int32Array(classCounts.length), options),
  }),
});
