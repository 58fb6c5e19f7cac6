import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const eql = byLoss(losses.eql, {
  summary:
    'a yes or no a class, in which rows without a rare class mostly do not push it down, for rows with any number of labels',
  when: 'rare classes beside frequent ones, where recall of the rare counts more than precision',
});
