import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const focalSigmoid = byLoss(losses['focal-sigmoid'], {
  summary: 'a yes or no a class, in which answers that are right already fade, for rows with any number of labels',
  when: 'many classes, of which a row has few, so that most answers are trivially no',
});
