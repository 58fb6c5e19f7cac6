import { mixes } from '../mix/index.js';
import { mixing } from './mixing.js';

export const mixup = mixing(mixes.mixup, {
  summary: 'mixes random pairs of rows and their labels',
  when: 'probabilities are too sure or rows too few for the head; it does not balance classes',
});
