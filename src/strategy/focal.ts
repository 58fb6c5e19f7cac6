import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const focal = byLoss(losses.focal, {
  summary: 'lets easy rows fade',
  when: 'most rows are trivially right and the hard ones are not mislabelled; not for imbalance alone',
});
