import { calibrationError } from './calibration-curve.js';
import { defineMetric } from './metric.js';
import { reliability } from './reliability.js';

export const adaptiveCalibrationError = defineMetric({
  name: 'adaptive-calibration-error',
  summary:
    'the calibration error over 15 bins with as many rows each, where most rows are of one confidence and wide bins see only one',
  paper:
    'Nixon, Dusenberry, Jerfel, Nguyen, Liu, Zhang, Tran, "Measuring Calibration in Deep Learning", arXiv:1904.01685',
  range: [0, 1],
  higherIsBetter: false,
  ofProbabilities: true,
  compute: (_, { outcomes }) => calibrationError(reliability(outcomes, 'quantile')),
});
