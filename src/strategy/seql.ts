import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const seql = byLoss(losses.seql, {
  summary: 'keeps rows of other classes from pushing rare ones down',
  when: 'hundreds of classes with few rows each, where negatives from all the others drown the rare ones',
});
