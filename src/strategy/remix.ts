import { mixes } from '../mix/index.js';
import { mixing } from './mixing.js';

export const remix = mixing(mixes.remix, {
  summary: 'mixup that leaves the label to the much rarer class',
  when: 'classes differ in size more than threefold and overlap in embedding space',
});
