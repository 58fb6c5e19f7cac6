import { defineMetric } from './metric.js';

/** Bins of equal width over confidence, as in the paper. */
const BINS = 15;

export const expectedCalibrationError = defineMetric({
  name: 'expected-calibration-error',
  summary: 'mean distance between confidence and accuracy over 15 bins of confidence, weighted by their rows',
  paper: 'Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, arXiv:1706.04599',
  range: [0, 1],
  higherIsBetter: false,
  compute(_, { outcomes: { truth, predicted, confidence } }) {
    // |Σ confidence − Σ right| of a bin is its rows times the distance of their means.
    const surplus = new Float64Array(BINS);
    for (let i = 0; i < truth.length; i++) {
      const sure = confidence[i] as number;
      const bin = Math.min(BINS - 1, Math.floor(sure * BINS));
      surplus[bin]! += sure - (truth[i] === predicted[i] ? 1 : 0);
    }
    return surplus.reduce((sum, value) => sum + Math.abs(value), 0) / truth.length;
  },
});
