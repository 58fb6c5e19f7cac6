import { defineCalibration, type HeldRows } from './calibration.js';
import { evenClasses, rowWeights } from './row-weights.js';
import { ridge, stretchAndShift } from './stretch-and-shift.js';

export const vectorScaling = defineCalibration({
  name: 'vector-scaling',
  summary:
    'a factor and a shift a class: for many held-out rows of every class, where classes are sure in different ways',
  paper: 'Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, arXiv:1706.04599',
  options: { ridge, evenClasses },
  needsRows: true,
  fit({ held, options }) {
    const rows = held as HeldRows;
    const fitted = stretchAndShift(rows, rowWeights(rows, options.evenClasses), rows.classes, options.ridge);
    const { scale, shift } = fitted;
    return { scale, shift, found: { scale: Array.from(scale as ArrayLike<number>), shift: Array.from(shift) } };
  },
});
