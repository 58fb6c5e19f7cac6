import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const cdb = byLoss(losses.cdb, {
  summary:
    'weighs classes by their errors on the validation rows: where size does not tell which classes are difficult',
});
