/** Optimizers by name. */

import { expected } from '../core/errors.js';
import { resolveOptions } from '../core/options.js';
import { lookUp } from '../core/registry.js';
import { loadKernels, type Kernels } from '../kernels/index.js';
import { adamw } from './adamw.js';
import { splitChoice, type Choice } from './choice.js';
import { lbfgs } from './lbfgs.js';
import type { OptimizerDefinition, OptimizerStep, SolverDefinition } from './optimizer.js';
import { sam } from './sam.js';
import { sgd } from './sgd.js';

export const optimizers = { sgd, adamw, sam, lbfgs } as const;

export type OptimizerName = keyof typeof optimizers;

export interface ResolvedOptimizer {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly definition: OptimizerDefinition | SolverDefinition;
}

/** Checks name and options; the parameters come later. @throws ERR_OPTION */
export function resolveOptimizer(choice: Choice): ResolvedOptimizer {
  const { name, options: given } = splitChoice(choice);
  const definition = lookUp(optimizers, 'optimizer', name) as unknown as ResolvedOptimizer['definition'];
  return { name, options: resolveOptions(name, definition.options, given), definition };
}

/** An optimizer over the given parameters, one that goes by batches. @throws ERR_OPTION */
export function createOptimizer(
  choice: Choice,
  parameters: readonly Float32Array[],
  kernels: Kernels = loadKernels(),
): { readonly name: string; readonly options: Readonly<Record<string, unknown>>; readonly step: OptimizerStep } {
  const { name, options, definition } = resolveOptimizer(choice);
  if ('solve' in definition) throw expected('an optimizer that goes by batches', 'createOptimizer', name);
  return { name, options, step: definition.create(parameters, options, kernels) };
}
