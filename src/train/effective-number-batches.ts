import { custom } from '../core/options.js';
import { byClassRate, defineBatchSampler } from './batch-sampler.js';

export const effectiveNumber = defineBatchSampler({
  name: 'effective-number',
  summary: 'a row as often as one over the effective number of rows of its class',
  paper:
    'Cui, Jia, Lin, Song, Belongie, "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019, arXiv:1901.05555; used to sample by Cao et al., arXiv:1906.07413',
  options: {
    beta: custom<number>({
      accepts: 'number from 0 to below 1',
      default: 0.9999,
      help: '0: every row equally often; towards 1: every class equally often',
      check: (value) => typeof value === 'number' && value >= 0 && value < 1,
    }),
  },
  create: (context) => {
    const { beta } = context.options;
    return byClassRate(context, (count) => (count * (1 - beta)) / (1 - beta ** count));
  },
});
