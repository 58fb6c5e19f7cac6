/** Methods that decide which rows a class gets or keeps. Adding one is its file and a line here. */

import { lookUp } from '../core/registry.js';
import { adasyn } from './adasyn.js';
import { allKnn } from './all-knn.js';
import { borderlineSmote } from './borderline-smote.js';
import { clusterCentroids } from './cluster-centroids.js';
import { condensedNearestNeighbor } from './condensed-nearest-neighbor.js';
import { editedNearestNeighbors } from './edited-nearest-neighbors.js';
import { eos } from './eos.js';
import { instanceHardnessThreshold } from './instance-hardness-threshold.js';
import { kmeansSmote } from './kmeans-smote.js';
import { nearMiss } from './near-miss.js';
import { neighborhoodCleaning } from './neighborhood-cleaning.js';
import { oneSidedSelection } from './one-sided-selection.js';
import { randomOverSampling } from './random-over-sampling.js';
import { randomUnderSampling } from './random-under-sampling.js';
import { repeatedEditedNearestNeighbors } from './repeated-edited-nearest-neighbors.js';
import { safeLevelSmote } from './safe-level-smote.js';
import type { Sampler, SamplerEntry } from './sampler.js';
import { smoteEnn } from './smote-enn.js';
import { smoteN } from './smote-n.js';
import { smoteNc } from './smote-nc.js';
import { smoteTomek } from './smote-tomek.js';
import { smote } from './smote.js';
import { softSmote } from './soft-smote.js';
import { svmSmote } from './svm-smote.js';
import { tomekLinks } from './tomek-links.js';

export const samplers = {
  'random-over-sampling': randomOverSampling,
  smote,
  'borderline-smote': borderlineSmote,
  'svm-smote': svmSmote,
  'kmeans-smote': kmeansSmote,
  adasyn,
  'smote-nc': smoteNc,
  'smote-n': smoteN,
  'safe-level-smote': safeLevelSmote,
  'soft-smote': softSmote,
  eos,
  'random-under-sampling': randomUnderSampling,
  'cluster-centroids': clusterCentroids,
  'near-miss': nearMiss,
  'tomek-links': tomekLinks,
  'edited-nearest-neighbors': editedNearestNeighbors,
  'repeated-edited-nearest-neighbors': repeatedEditedNearestNeighbors,
  'all-knn': allKnn,
  'condensed-nearest-neighbor': condensedNearestNeighbor,
  'one-sided-selection': oneSidedSelection,
  'neighborhood-cleaning': neighborhoodCleaning,
  'instance-hardness-threshold': instanceHardnessThreshold,
  'smote-enn': smoteEnn,
  'smote-tomek': smoteTomek,
} as const;

export type SamplerName = keyof typeof samplers;

/**
 * A sampler by name; `samplers.eos(options)` is the same.
 *
 * @throws ERR_OPTION for an unknown name or option, with near names.
 *
 * @example
 * const plan = await createSampler('eos', { kNeighbors: 5 }).plan(asTraining(set));
 */
export function createSampler<N extends SamplerName>(name: N, options?: Parameters<(typeof samplers)[N]>[0]): Sampler;
export function createSampler(name: string, options?: object): Sampler;
export function createSampler(name: string, options?: unknown): Sampler {
  return (lookUp(samplers, 'sampler', name) as SamplerEntry)(options as object);
}

export type {
  ClassSource,
  ClassTask,
  PlanContext,
  ResampledSet,
  Sampler,
  SamplerDefinition,
  SamplerEntry,
  SamplerProperties,
  Towards,
} from './sampler.js';
export type { CleaningStrategy } from './cleaning-strategy.js';
export { defineSampler } from './define-sampler.js';
export { provenance, type RowProvenance } from './provenance.js';
export {
  defineCleaningSampler,
  defineUnderSampler,
  type Selection,
  type UnderDefinition,
  type UnderTask,
} from './define-under-sampler.js';
export type { Estimator } from './instance-hardness-threshold.js';
export { pipeline } from './pipeline.js';
export { targetCounts, type TargetCount } from './target-counts.js';
export { resolveSamplingStrategy, type ClassTotals, type SamplingStrategy } from './sampling-strategy.js';
