import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const vsLoss = byLoss(losses['vs-loss'], {
  summary: 'logit adjustment and class-dependent temperatures in one: where validation rows can choose between them',
});
