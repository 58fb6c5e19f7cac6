import { mixes } from '../mix/index.js';
import { mixing } from './mixing.js';

export const mixup = mixing(mixes.mixup, {
  summary: 'mixes random pairs of rows and their labels: where probabilities are too sure; it does not balance classes',
});
