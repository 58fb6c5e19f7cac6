/** Whole jobs as functions. */

export { calibrateModel, type CalibratedModel, type CalibrateModelOptions } from './calibrate.js';
export {
  bundle,
  evaluateModel,
  isModel,
  type BundleOptions,
  type EvaluateModelOptions,
  type ModelEvaluation,
} from './models.js';
export { compareStore, tuneStore } from './compare-store.js';
export { dataOptions, resolveRunConfig, runOptions, type RunConfig, type RunInput } from './config.js';
export { demo, type DemoOptions } from './demo.js';
export { doctor, type DoctorReport } from './doctor.js';
export { hasLeaks, inspect, type InspectOptions, type Inspection } from './inspect.js';
export { reportRun } from './report-run.js';
export { backboneFor, type BackboneChoice } from './open-data.js';
export { embedWithQueue, embedWorker, type EmbedSource, type QueuedEmbedOptions } from './spread.js';
export { openRows, sampleRows } from './memory.js';
export { trainingRows } from './parts.js';
export { run, type RunContext } from './run.js';
export { readConfig } from './run-folder.js';
export { version } from './version.js';
