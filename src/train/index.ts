/** Fitting a head: trainer, optimizers, schedules, batch samplers. */

export {
  defineBatchSampler,
  type BatchSamplerContext,
  type BatchSamplerDefinition,
  type FillOrder,
} from './batch-sampler.js';
export { batchSamplers, type BatchSamplerChoice } from './batch-samplers.js';
export { choiceRule, splitChoice, type Choice } from './choice.js';
export {
  defineOptimizer,
  defineSolver,
  type BatchObjective,
  type OptimizerDefinition,
  type OptimizerStep,
  type SolverDefinition,
  type SolverOutcome,
  type WholeObjective,
} from './optimizer.js';
export { lbfgsSteps } from './lbfgs.js';
export { createOptimizer, optimizers } from './optimizers.js';
export { trainRules, type EarlyStopping, type TrainOptions } from './options.js';
export {
  labelScores,
  labelThresholds,
  scoreLabels,
  tuneLabelThresholds,
  type LabelMetric,
} from './label-thresholds.js';
export { createPredictor, headFromModel, type Predictor } from './predictor.js';
export { definePairing, type PairingContext, type PairingDefinition, type Partners } from './pairing.js';
export { pairings } from './pairings.js';
export { createSchedule, defineSchedule, schedules, type Schedule, type ScheduleDefinition } from './schedule.js';
export {
  balancedBatches,
  type BalancedBatch,
  type BalancedBatches,
  type BalancedBatchesOptions,
} from './balanced-batches.js';
export { Batch } from './rows.js';
export type { StepContext, StepFunction, StepMethod, StepPlace } from './step-method.js';
export type { EpochRecord, FinishContext, FitExtras, TrainedHead } from './trained-head.js';
export { fitHead } from './trainer.js';
export { better, type SelectionMetric, type ValidationScore } from './validation.js';
