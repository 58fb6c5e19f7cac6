import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const binaryCrossEntropy = byLoss(losses['binary-cross-entropy'], {
  summary: 'one yes or no a class, for rows with any number of labels',
  when: 'first of the losses for rows with any number of labels; with positiveWeights balanced where recall of rare classes counts',
});
