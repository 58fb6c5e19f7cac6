import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const vsLoss = byLoss(losses['vs-loss'], {
  summary: 'logit adjustment and class-dependent temperatures in one',
  when: 'a validation set can choose both its dials; with their defaults use logit-adjustment',
});
