/** The Node API, grouped as the flow goes. A name that is not here is private. */

// in
export {
  datasetFormats,
  makeImbalance,
  openDataset,
  split,
  type OpenDatasetOptions,
  type OpenedDataset,
} from './dataset/index.js';
export {
  addBackbone,
  listBackbones,
  openBackbone,
  pullBackbone,
  verifyBackbones,
  type Backbone,
  type BackboneEntry,
  type BackboneOptions,
  type Installed,
} from './backbone/index.js';
export {
  embed,
  embedOptions,
  embedShare,
  shareOptions,
  type Augment,
  type EmbedOptions,
  type MadeCopies,
  type Share,
  type ShareOptions,
} from './embed/index.js';
export { readRedisOptions, type QueueOptions, type WorkerOptions } from './distributed/index.js';
export { openStore, writeSet, type EmbeddingStore, type Manifest } from './store/index.js';
export { exportEmbeddings, importEmbeddings, interchangeFormats } from './interchange/index.js';
export {
  asTraining,
  fromArrays,
  type DiskHeldOutSet,
  type DiskSet,
  type DiskTrainingSet,
  type EmbeddingSet,
  type FromArraysOptions,
  type HeldOutSet,
  type TrainingSet,
} from './core/embedding-set.js';
export type { DiskRows } from './core/disk-rows.js';
export type { Dataset, Item, ItemContent, Modality } from './core/item.js';
export type { Matrix, MatrixLike } from './core/matrix.js';

// balance
export {
  defaultThreads,
  kernelReport,
  materialize,
  mergeNearest,
  nearest,
  planRows,
  type DiskPlanRows,
  type KernelReport,
  type NearestOptions,
  type NearestRows,
} from './kernels/index.js';
export {
  createSampler,
  defineCleaningSampler,
  defineSampler,
  defineUnderSampler,
  pipeline,
  provenance,
  samplers,
  targetCounts,
  type ResampledSet,
  type RowProvenance,
  type Sampler,
  type TargetCount,
} from './sampler/index.js';
export type { ClassOutcome, Recipes, ResamplingPlan } from './core/plan.js';
export { mixes } from './mix/index.js';
export { augmenters } from './augment/index.js';

// train
export { defaultStrategy, strategies, trainHead, defineStrategy, type TrainHeadOptions } from './strategy/index.js';
export {
  balancedBatches,
  batchSamplers,
  definePairing,
  headFromModel,
  optimizers,
  pairings,
  schedules,
  trainRules as trainOptions,
  tuneLabelThresholds,
  type Batch,
  type Predictor,
  type StepContext,
  type StepFunction,
  type StepMethod,
  type StepPlace,
  type TrainedHead,
} from './train/index.js';
export {
  calibrate,
  calibrateOptions,
  calibrations,
  decisionOptions,
  decisionRules,
  defineCalibration,
  estimatePrior,
  type DecisionFit,
} from './decision/index.js';
export { defineLoss, losses, softmaxRow, type EvaluateLoss, type Loss, type LossBatch } from './loss/index.js';
export { defineHead, heads, shiftLogits, type Decision, type Head } from './head/index.js';
export {
  compare,
  compareOptions,
  leaderboardMetrics,
  tune,
  tuneOptions,
  type CompareOptions,
  type Contender,
  type Leaderboard,
  type TuneOptions,
  type Tuning,
} from './compare/index.js';

// judge
export {
  calibrationCurve,
  confusionMatrix,
  defineMetric,
  evaluate,
  evaluateAny,
  evaluateMultiLabel,
  evaluateMultiLabelPredictions,
  evaluatePredictions,
  generalizationGap,
  metrics,
  multiLabelMetrics,
  type AnyEvaluation,
  type CalibrationBin,
  type Evaluation,
  type MultiLabelEvaluation,
} from './metric/index.js';
export { auditLeaks, findDuplicates, type LeakAudit, type LeakAuditOptions } from './audit/index.js';
export {
  classTable,
  describeLeaderboard,
  gapTable,
  leaderboardTable,
  markdownTable,
  recallTable,
  scoreTable,
  formatTable,
  renderHtml,
  renderLeaderboardHtml,
  renderLeaderboardMarkdown,
  renderMarkdown,
  stepsTable,
  strategiesTable,
  summary,
  tuningTable,
  type RunResult,
  type Table,
} from './report/index.js';

// ship
export { exportOnnx, loadClassifier, type Classifier, type ExportReport, type Prediction } from './classifier/index.js';
export {
  backboneFor,
  bundle,
  compareStore,
  dataOptions,
  calibrateModel,
  demo,
  doctor,
  evaluateModel,
  hasLeaks,
  inspect,
  isModel,
  openRows,
  readConfig,
  reportRun,
  run,
  runOptions,
  sampleRows,
  trainingRows,
  tuneStore,
  version,
  type DoctorReport,
  type Inspection,
  type ModelEvaluation,
  type RunContext,
  type RunInput,
  embedWithQueue,
  embedWorker,
  type EmbedSource,
  type QueuedEmbedOptions,
} from './pipeline/index.js';

// what everything shares
export { EquipoiseError, expected, nearNames, unknownName, type ErrorCode } from './core/errors.js';
export type { OptionRule, OptionRules } from './core/options.js';
export type { OnProgress, ProgressEvent } from './core/progress.js';
