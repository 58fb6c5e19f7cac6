import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const ib = byLoss(losses.ib, {
  summary:
    'damps rows that pull hardest at the head, late in training: where a few rows of large classes overrule small ones',
});
