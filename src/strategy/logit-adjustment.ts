import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

/** Trained, not post hoc: the logits of the finished head are used as they are. */
export const logitAdjustment = byLoss(losses['logit-adjustment'], {
  summary: 'balanced softmax with a dial, adjusted in training: where more, or less, than equal classes is wanted',
});
