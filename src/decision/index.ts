/** From logits to decisions: calibrated probabilities, and the rule that names a class; fitted on held-out rows. */

export {
  calibrate,
  calibrateOptions,
  decisionMetrics,
  decisionOptions,
  resolveDecision,
  wantsDecision,
  withoutDecision,
  type CalibrateOptions,
  type DecisionFit,
  type DecisionOptions,
} from './calibrate.js';
export { defineCalibration, type CalibrationDefinition, type HeldRows } from './calibration.js';
export { calibrations } from './calibrations.js';
export { decisionRules } from './decision-rules.js';
export { estimatePrior } from './estimate-prior.js';
export type { HonestGain } from './honest-gain.js';
export { defineRule, type DecisionRule } from './rule.js';
