/** What an optimizer is: how parameters move along a gradient. */

import type { OptionRules, OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';
import type { Kernels } from '../kernels/index.js';
import type { Loss } from '../loss/index.js';

/** The batch of the step, for optimizers that look at more than one place. */
export interface BatchObjective {
  /** The loss at the parameters before the step. */
  readonly value: number;
  /** Of the loss (or another one) at the present parameters; overwrites the gradients. */
  evaluate(loss?: Loss): number;
}

/** Where an optimizer that looked ahead has left things. */
export interface StepOutcome {
  /** The loss at the new parameters; the gradients are those of there, too. */
  readonly value: number;
  /** No further step would help. */
  readonly converged: boolean;
}

/** Moves the parameters in place; it may overwrite the gradients. */
export type OptimizerStep = (
  gradients: readonly Float32Array[],
  learningRate: number,
  objective: BatchObjective,
) => StepOutcome | void;

export interface OptimizerDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  /** It evaluates the batch at other parameters, which accumulated batches and methods with steps of their own do not allow. */
  readonly looksAhead?: boolean;
  /** Each step sees all rows and finds its own length: no batches, rate or schedule. */
  readonly wholeSet?: boolean;
  /** Why these options need validation rows, if they do. */
  needsValidation?(options: OptionsOf<R>): string | undefined;
  /** What `learningRate: 'auto'` is, where it is not what suits SGD with momentum. */
  learningRate?(head: { readonly rate: number; readonly meanSquaredNorm: number }): number;
  create(parameters: readonly Float32Array[], options: OptionsOf<R>, kernels: Kernels): OptimizerStep;
}

/** Declares an optimizer; add it to the registry in `optimizers.ts`. */
export function defineOptimizer<const R extends OptionRules>(
  definition: OptimizerDefinition<R>,
): OptimizerDefinition<R> {
  return definition;
}

const one = Float32Array.of(1);

/** y ← keep · y + factor · x: a matrix product of depth 1, which the kernels do many times faster than a loop here. */
export function accumulate(kernels: Kernels, y: Float32Array, keep: number, x: Float32Array, factor: number): void {
  kernels.gemm({
    a: one,
    b: x,
    c: y,
    m: 1,
    n: y.length,
    k: 1,
    transposeA: false,
    transposeB: false,
    alpha: factor,
    beta: keep,
  });
}
