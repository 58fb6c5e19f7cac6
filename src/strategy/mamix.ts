import { mixes } from '../mix/index.js';
import { mixing } from './mixing.js';

export const mamix = mixing(mixes.mamix, {
  summary: 'mixup that gives rarer classes the larger part of the way: a smooth form of remix',
});
