import { calibrationError } from './calibration-curve.js';
import { defineMetric } from './metric.js';
import { reliability } from './reliability.js';

export const expectedCalibrationError = defineMetric({
  name: 'expected-calibration-error',
  summary: 'mean distance between confidence and accuracy over 15 bins of confidence, weighted by their rows',
  paper: 'Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, arXiv:1706.04599',
  range: [0, 1],
  higherIsBetter: false,
  ofProbabilities: true,
  compute: (_, { outcomes }) => calibrationError(reliability(outcomes)),
});
