import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const balancedSoftmax = byLoss(losses['balanced-softmax'], {
  summary: 'takes the class prior out of the head, without options',
  when: 'first of the losses to try where all classes matter alike at test time; nothing to tune',
});
