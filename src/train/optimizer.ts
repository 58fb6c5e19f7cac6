/** What an optimizer is: how parameters move along a gradient. */

import type { OptionRules, OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';
import type { Kernels, LearningRule } from '../kernels/index.js';
import type { Loss } from '../loss/index.js';

/** The batch of the step, for optimizers that look at more than one place. */
export interface BatchObjective {
  /** The loss at the parameters before the step. */
  readonly value: number;
  /** Of the loss (or another one) at the present parameters; overwrites the gradients. */
  evaluate(loss?: Loss): number;
}

/** Moves the parameters in place; it may overwrite the gradients. */
export type OptimizerStep = (
  gradients: readonly Float32Array[],
  learningRate: number,
  objective: BatchObjective,
) => void;

/** An optimizer that follows the gradient of each batch. */
export interface OptimizerDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  /** It evaluates the batch at other parameters, which accumulated batches and methods with steps of their own do not allow. */
  readonly looksAhead?: boolean;
  /** What `learningRate: 'auto'` is, where it is not what suits SGD with momentum. */
  learningRate?(head: { readonly rate: number; readonly meanSquaredNorm: number }): number;
  create(parameters: readonly Float32Array[], options: OptionsOf<R>, kernels: Kernels): OptimizerStep;
  /** Where the kernels know the same steps: by which rule. */
  rule?(options: OptionsOf<R>, place: { readonly rate: number; readonly stepsBefore: number }): LearningRule;
}

/** Declares an optimizer; add it to the registry in `optimizers.ts`. */
export function defineOptimizer<const R extends OptionRules>(
  definition: OptimizerDefinition<R>,
): OptimizerDefinition<R> {
  return definition;
}

/** All rows at once. */
export interface WholeObjective {
  /** The loss at the present parameters; writes its gradient, the parameters one after the other. */
  evaluate(gradient: Float64Array): Promise<number>;
}

export interface SolverOutcome {
  /** The loss before the step. */
  readonly loss: number;
  /** No further step would help. */
  readonly converged: boolean;
}

/** An optimizer whose steps see all rows and find their own length: no batches, rate or schedule. */
export interface SolverDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  /** Why these options need validation rows, if they do. */
  needsValidation?(options: OptionsOf<R>): string | undefined;
  /** Each call of what it returns is one step, which moves the parameters in place. */
  solve(
    parameters: readonly Float32Array[],
    options: OptionsOf<R>,
  ): (objective: WholeObjective) => Promise<SolverOutcome>;
}

/** Declares a solver; add it to the registry in `optimizers.ts`. */
export function defineSolver<const R extends OptionRules>(definition: SolverDefinition<R>): SolverDefinition<R> {
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
