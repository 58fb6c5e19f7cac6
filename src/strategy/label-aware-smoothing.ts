import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const labelAwareSmoothing = byLoss(losses['label-aware-smoothing'], {
  summary: 'smooths the labels of large classes more',
  when: 'probabilities of the frequent classes are too sure, and thresholds or costs will be applied to them',
});
