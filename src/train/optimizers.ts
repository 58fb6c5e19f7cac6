/** Optimizers by name. */

import { resolveOptions } from '../core/options.js';
import { lookUp } from '../core/registry.js';
import { splitChoice, type Choice } from './choice.js';
import type { OptimizerDefinition, OptimizerStep } from './optimizer.js';
import { sgd } from './sgd.js';

export const optimizers = { sgd } as const;

export type OptimizerName = keyof typeof optimizers;

/** An optimizer over the given parameters. @throws ERR_OPTION */
export function createOptimizer(
  choice: Choice,
  parameters: readonly Float32Array[],
): { readonly name: string; readonly options: Readonly<Record<string, unknown>>; readonly step: OptimizerStep } {
  const { name, options: given } = splitChoice(choice);
  const definition = lookUp(optimizers, 'optimizer', name) as unknown as OptimizerDefinition;
  const options = resolveOptions(name, definition.options, given);
  return { name, options, step: definition.create(parameters, options) };
}
