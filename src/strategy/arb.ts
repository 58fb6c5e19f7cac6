import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const arb = byLoss(losses.arb, {
  summary: 'balanced softmax within each batch: for very many classes, most of them absent from any batch',
});
