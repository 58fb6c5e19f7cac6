import { byClassRate, defineBatchSampler } from './batch-sampler.js';

export const squareRoot = defineBatchSampler({
  name: 'square-root',
  summary: 'a class as often as the square root of its rows: half way between instance and class-balanced',
  paper: 'Mahajan et al., "Exploring the Limits of Weakly Supervised Pretraining", ECCV 2018, arXiv:1805.00932',
  options: {},
  create: (context) => byClassRate(context, (count) => Math.sqrt(count)),
});
