import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const cdt = byLoss(losses.cdt, {
  summary:
    'divides the logits of rare classes in training: where rare classes are fitted in training and missed in testing',
});
