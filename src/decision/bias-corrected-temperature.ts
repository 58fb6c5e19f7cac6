import { defineCalibration, type HeldRows } from './calibration.js';
import { evenClasses, rowWeights } from './row-weights.js';
import { ridge, stretchAndShift } from './stretch-and-shift.js';

export const biasCorrectedTemperature = defineCalibration({
  name: 'bias-corrected-temperature',
  summary:
    'a temperature and a shift a class: learns from held-out rows what a balanced training did to the class shares, whichever method it was',
  paper:
    'Alexandari, Kundaje, Shrikumar, "Maximum Likelihood with Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation", ICML 2020, arXiv:1901.06852',
  options: { ridge, evenClasses },
  needsRows: true,
  fit({ held, options }) {
    const rows = held as HeldRows;
    const { scale, shift } = stretchAndShift(rows, rowWeights(rows, options.evenClasses), 1, options.ridge);
    return {
      scale,
      shift,
      found: { temperature: 1 / ((scale as Float64Array)[0] as number), shift: Array.from(shift) },
    };
  },
});
