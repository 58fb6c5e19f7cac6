import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const cdb = byLoss(losses.cdb, {
  summary: 'weighs classes by their errors on the validation rows',
  when: 'classes of equal size are of unequal difficulty, and validation rows of every class are there to measure it',
});
