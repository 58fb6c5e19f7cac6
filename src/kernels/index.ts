/** The only door to C++. */

export { amongChoices } from './kernels.js';
export type {
  Among,
  GemmInput,
  InterpolateInput,
  JpegInput,
  JpegKernels,
  Kernels,
  LearnInput,
  LearningRule,
  Learnt,
  LearntLayer,
  NearestInput,
  NearestOutput,
  RecipeRows,
  ResampleInput,
  RowRange,
  Taps,
} from './kernels.js';
export { kernelReport, loadKernels, type KernelReport, type LoadKernelsOptions } from './load.js';
export {
  materialize,
  planRows,
  type DiskPlanRows,
  type MaterializeOptions,
  type PlanRows,
  type PlanRowsOptions,
} from './materialize.js';
export { mergeNearest } from './merge.js';
export { nearestOnDisk } from './nearest-on-disk.js';
export { nearest, type NearestOptions, type NearestRows } from './nearest.js';
export { defaultThreads } from './threads.js';
