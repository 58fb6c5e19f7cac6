import { losses } from '../loss/index.js';
import { byLoss } from './by-loss.js';

export const aslSigmoid = byLoss(losses['asl-sigmoid'], {
  summary:
    'a yes or no a class, in which the many noes fade faster than the few yeses, for rows with any number of labels',
  when: 'dozens of classes or more, of which a row has few, and labels that may be missing',
});
