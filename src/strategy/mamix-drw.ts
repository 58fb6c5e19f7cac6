import { mixes } from '../mix/index.js';
import { mixingDeferred } from './mixing.js';

export const mamixDrw = mixingDeferred(mixes.mamix, {
  summary: 'mamix, with class weights in the last epochs',
  when: 'imbalance of 50:1 and more with classes that overlap: mamix alone leaves the prior in place',
});
