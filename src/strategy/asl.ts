import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const asl = byLoss(losses.asl, {
  summary:
    'smoothed labels without the push on classes already improbable: a mild regularizer, little balance of its own',
});
