import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const cdt = byLoss(losses.cdt, {
  summary: 'divides the logits of rare classes in training',
  when: 'rare classes are right on training rows and missed on test rows, and a validation set can choose gamma',
});
