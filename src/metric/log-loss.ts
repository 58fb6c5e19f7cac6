import { defineMetric } from './metric.js';

export const logLoss = defineMetric({
  name: 'log-loss',
  summary: 'mean of −log of the probability given to the true class; punishes being sure and wrong',
  range: [0, Infinity],
  higherIsBetter: false,
  ofProbabilities: true,
  compute: (_, { outcomes: { logTruth } }) => 0 - logTruth.reduce((sum, value) => sum + value, 0) / logTruth.length,
});
