import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const ib = byLoss(losses.ib, {
  summary: 'damps rows that pull hardest at the head, late in training',
  when: 'a few rows of the large classes overrule whole small ones, and there are epochs enough for a second half',
});
