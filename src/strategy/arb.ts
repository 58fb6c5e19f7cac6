import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const arb = byLoss(losses.arb, {
  summary: 'balanced softmax within each batch',
  when: 'hundreds of classes, most of them absent from any batch; with few classes it is balanced softmax with noise',
});
