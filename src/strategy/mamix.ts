import { mixes } from '../mix/index.js';
import { mixing } from './mixing.js';

export const mamix = mixing(mixes.mamix, {
  summary: 'mixup that gives rarer classes the larger part of the way',
  when: 'as remix, without its threshold: pairs of unequal classes are common and a smooth rule is wanted',
});
