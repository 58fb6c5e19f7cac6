import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

/** Trained, not post hoc: the logits of the finished head are used as they are. */
export const logitAdjustment = byLoss(losses['logit-adjustment'], {
  summary: 'balanced softmax with a dial, adjusted in training',
  when: 'the test set is between the training shares and equal shares: tau sets how far to go',
});
