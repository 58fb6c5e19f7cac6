import { mixes } from '../mix/index.js';
import { mixingDeferred } from './mixing.js';

export const mixupDrw = mixingDeferred(mixes.mixup, {
  summary: 'mixup, with class weights in the last epochs',
  when: 'as mixup, where small classes matter',
});
