/** Metrics and what they are computed from. Adding one is its file and a line here; it is then in every report. */

import { accuracy } from './accuracy.js';
import { balancedAccuracy } from './balanced-accuracy.js';
import { expectedCalibrationError } from './expected-calibration-error.js';
import { geometricMeanClass } from './geometric-mean-class.js';
import { geometricMeanMacro } from './geometric-mean-macro.js';
import { indexBalancedAccuracy } from './index-balanced-accuracy.js';
import { logLoss } from './log-loss.js';
import { macroF1 } from './macro-f1.js';
import { fewShot, manyShot, mediumShot } from './shots.js';

export const metrics = {
  accuracy,
  'balanced-accuracy': balancedAccuracy,
  'macro-f1': macroF1,
  'geometric-mean-class': geometricMeanClass,
  'geometric-mean-macro': geometricMeanMacro,
  'index-balanced-accuracy': indexBalancedAccuracy,
  'many-shot': manyShot,
  'medium-shot': mediumShot,
  'few-shot': fewShot,
  'log-loss': logLoss,
  'expected-calibration-error': expectedCalibrationError,
} as const;
