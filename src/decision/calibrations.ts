/** Calibrations by name. Adding one is its file and a line here. */

import { biasCorrectedTemperature } from './bias-corrected-temperature.js';
import { priorShift } from './prior-shift.js';
import { temperature } from './temperature.js';
import { vectorScaling } from './vector-scaling.js';

export const calibrations = {
  temperature,
  'bias-corrected-temperature': biasCorrectedTemperature,
  'vector-scaling': vectorScaling,
  'prior-shift': priorShift,
} as const;
