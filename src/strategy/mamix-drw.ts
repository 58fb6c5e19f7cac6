import { mixes } from '../mix/index.js';
import { mixingDeferred } from './mixing.js';

export const mamixDrw = mixingDeferred(mixes.mamix, {
  summary: 'mamix, with class weights in the last epochs: mamix where imbalance is strong',
});
