/** Methods that decide which rows a class gets or keeps. Adding one is its file and a line here. */

import { lookUp } from '../core/registry.js';
import { adasyn } from './adasyn.js';
import { borderlineSmote } from './borderline-smote.js';
import { eos } from './eos.js';
import { kmeansSmote } from './kmeans-smote.js';
import { randomOverSampling } from './random-over-sampling.js';
import { safeLevelSmote } from './safe-level-smote.js';
import type { Sampler, SamplerEntry } from './sampler.js';
import { smoteN } from './smote-n.js';
import { smoteNc } from './smote-nc.js';
import { smote } from './smote.js';
import { softSmote } from './soft-smote.js';
import { svmSmote } from './svm-smote.js';

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
export { defineSampler } from './define-sampler.js';
export { provenance, type RowProvenance } from './provenance.js';
export { resolveSamplingStrategy, type ClassTotals, type SamplingStrategy } from './sampling-strategy.js';
