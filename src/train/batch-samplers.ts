/** Batch samplers by name. Adding one is its file and a line here. */

import { resolveOptions } from '../core/options.js';
import { lookUp, type Entry } from '../core/registry.js';
import type { BatchSamplerContext, BatchSamplerDefinition, FillOrder } from './batch-sampler.js';
import { splitChoice, type Choice } from './choice.js';
import { classAware } from './class-aware-batches.js';
import { classBalanced } from './class-balanced-batches.js';
import { deferred } from './deferred-batches.js';
import { effectiveNumber } from './effective-number-batches.js';
import { instance } from './instance-batches.js';
import { progressive } from './progressive-batches.js';
import { squareRoot } from './square-root-batches.js';

export const batchSamplers = {
  instance,
  'class-balanced': classBalanced,
  'square-root': squareRoot,
  progressive,
  'class-aware': classAware,
  'effective-number': effectiveNumber,
  deferred,
} as const;

export type BatchSamplerName = keyof typeof batchSamplers;

/** A batch sampler: a name, a name with options, or a definition of the caller's own. */
export type BatchSamplerChoice = Choice | BatchSamplerDefinition;

export interface ResolvedBatchSampler {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  create(context: Omit<BatchSamplerContext<unknown>, 'options'>): FillOrder;
}

/** Checks name and options now; rows come later. @throws ERR_OPTION */
export function resolveBatchSampler(choice: BatchSamplerChoice): ResolvedBatchSampler {
  const own = typeof choice === 'object' && typeof (choice as { create?: unknown }).create === 'function';
  const { name, options: given } = own ? { name: (choice as Entry).name, options: {} } : splitChoice(choice as Choice);
  const definition = own
    ? (choice as BatchSamplerDefinition)
    : (lookUp(batchSamplers, 'batch sampler', name) as BatchSamplerDefinition);
  const options = resolveOptions(name, definition.options, given);
  return { name, options, create: (context) => definition.create({ ...context, options }) };
}
