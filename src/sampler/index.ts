/** Methods that decide which rows a class gets or keeps. Adding one is its file and a line here. */

import { lookUp } from '../core/registry.js';
import { eos } from './eos.js';
import { randomOverSampling } from './random-over-sampling.js';
import type { Sampler, SamplerEntry } from './sampler.js';
import { smote } from './smote.js';

export const samplers = {
  'random-over-sampling': randomOverSampling,
  smote,
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
export { resolveSamplingStrategy, type ClassTotals, type SamplingStrategy } from './sampling-strategy.js';
