/** What a strategy is: a named choice of the parts of training. */

import { EquipoiseError } from '../core/errors.js';
import { resolveOptions, type OptionRules, type OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';
import type { TrainOptions } from '../train/index.js';

/** What a strategy may look at before it chooses. */
export interface StrategyContext<O> {
  readonly options: O;
  readonly classNames: readonly string[];
  /** Training rows a class. */
  readonly classCounts: Int32Array;
  readonly rows: number;
  readonly dim: number;
}

/** The parts that a strategy may choose; everything it leaves out is as `trainHead` has it, or as its caller says. */
export type StrategyParts = Pick<
  TrainOptions,
  | 'head'
  | 'loss'
  | 'sampler'
  | 'mix'
  | 'pairing'
  | 'batchSampler'
  | 'optimizer'
  | 'schedule'
  | 'learningRate'
  | 'epochs'
  | 'epochLength'
  | 'freshDraws'
>;

export interface StrategyDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  /** The strategy of which this is another name; comparisons of all strategies leave it out. */
  readonly aliasOf?: string;
  /** Whether it cannot be trained without validation rows. */
  readonly needsValidation?: boolean;
  recipe(context: StrategyContext<OptionsOf<R>>): StrategyParts;
}

/**
 * Declares a strategy; add it to the registry in `index.ts`.
 * Those that are compared share schedule, rate and number of steps unless the method is one of them.
 */
export function defineStrategy<const R extends OptionRules>(definition: StrategyDefinition<R>): StrategyDefinition<R> {
  return definition;
}

/** The parts a strategy chooses for a set, its options checked. @throws ERR_OPTION also when the caller sets a part that is the strategy's own. */
export function resolveStrategy<R extends OptionRules>(
  definition: StrategyDefinition<R>,
  given: unknown,
  context: Omit<StrategyContext<unknown>, 'options'>,
  beside: TrainOptions,
): { options: OptionsOf<R>; parts: StrategyParts } {
  const { name } = definition;
  const options = resolveOptions(name, definition.options, given);
  const parts = definition.recipe({ ...context, options });
  for (const part of Object.keys(parts))
    if (beside[part as keyof StrategyParts] !== undefined)
      throw new EquipoiseError(
        'ERR_OPTION',
        `Strategy ${name} chooses its own ${part}, so trainHead.${part} cannot be given beside it. Use strategyOptions, or leave the strategy out and give the parts`,
      );
  return { options, parts };
}

/** The same strategy under another name. */
export function aliasOf<R extends OptionRules>(name: string, of: StrategyDefinition<R>): StrategyDefinition<R> {
  return { ...of, name, summary: `another name of ${of.name}`, aliasOf: of.name };
}
