import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const asl = byLoss(losses.asl, {
  summary: 'smoothed labels without the push on classes already improbable',
  when: 'as a mild regularizer where probabilities are too sure; beside another remedy, because it balances little by itself',
});
