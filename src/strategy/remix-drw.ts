import { mixes } from '../mix/index.js';
import { mixingDeferred } from './mixing.js';

export const remixDrw = mixingDeferred(mixes.remix, {
  summary: 'remix, with class weights in the last epochs: remix where imbalance is strong',
});
