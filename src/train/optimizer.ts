/** What an optimizer is: how parameters move along a gradient. */

import type { OptionRules, OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';

/** Moves the parameters in place; it may overwrite the gradients. */
export type OptimizerStep = (gradients: readonly Float32Array[], learningRate: number) => void;

export interface OptimizerDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  create(parameters: readonly Float32Array[], options: OptionsOf<R>): OptimizerStep;
}

/** Declares an optimizer; add it to the registry in `index.ts`. */
export function defineOptimizer<const R extends OptionRules>(
  definition: OptimizerDefinition<R>,
): OptimizerDefinition<R> {
  return definition;
}
