import { mixes } from '../mix/index.js';
import { mixingDeferred } from './mixing.js';

export const remixDrw = mixingDeferred(mixes.remix, {
  summary: 'remix, with class weights in the last epochs',
  when: 'as remix, at 50:1 and more, where mixing alone leaves the prior in place',
});
