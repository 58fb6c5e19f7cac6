import { defineMetric } from './metric.js';

export const brierScore = defineMetric({
  name: 'brier-score',
  summary:
    'mean squared distance between the probabilities and the true class, summed over classes: with two classes twice what scikit-learn calls so',
  paper: 'Brier, "Verification of Forecasts Expressed in Terms of Probability", Monthly Weather Review 78 (1950)',
  range: [0, 2],
  higherIsBetter: false,
  ofProbabilities: true,
  compute: (_, { outcomes: { squaredError } }) =>
    squaredError.reduce((sum, value) => sum + value, 0) / squaredError.length,
});
