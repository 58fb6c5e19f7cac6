import { calibrationCurve, type CalibrationBin } from './calibration-curve.js';
import type { Outcomes } from './metric.js';

/** How often the predicted class is right, by its probability: what a reliability diagram shows. */
export function reliability(
  { truth, predicted, confidence }: Outcomes,
  strategy: 'uniform' | 'quantile' = 'uniform',
): CalibrationBin[] {
  const right = truth.map((label, i) => (label === predicted[i] ? 1 : 0));
  return calibrationCurve(right, confidence, { strategy });
}
