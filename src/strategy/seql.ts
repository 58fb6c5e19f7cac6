import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const seql = byLoss(losses.seql, {
  summary: 'keeps rows of other classes from pushing rare ones down: for very many classes with very few rows',
});
