import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const focal = byLoss(losses.focal, {
  summary: 'lets easy rows fade: where most rows are trivially right and the hard ones are not mislabelled',
});
