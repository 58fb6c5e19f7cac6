import { defineLoss } from './loss.js';
import { byCounts } from './prior.js';
import { lossOfRows } from './row-loss.js';

export const balancedSoftmax = defineLoss({
  name: 'balanced-softmax',
  summary: 'cross-entropy of logits shifted by the log of the class counts, so that the head need not learn the prior',
  paper:
    'Ren, Yu, Sheng, Ma, Zhao, Yi, Li, "Balanced Meta-Softmax for Long-Tailed Visual Recognition", arXiv:2007.10740',
  options: {},
  tilt: (_, { classCounts }) => Float64Array.from(classCounts, (count) => 1 / count),
  create: () => lossOfRows({ start: byCounts('balanced-softmax', (count) => ({ shift: Math.log(count) })) }),
});
