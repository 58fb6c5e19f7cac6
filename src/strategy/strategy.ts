/** What a strategy is: a named choice of the parts of training. */

import { EquipoiseError } from '../core/errors.js';
import { resolveOptions, type OptionRules, type OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';
import type { TargetKind } from '../core/targets.js';
import type { FitExtras, TrainOptions } from '../train/index.js';

/** What a strategy may look at before it chooses. */
export interface StrategyContext<O> {
  readonly options: O;
  readonly classNames: readonly string[];
  /** Training rows a class. */
  readonly classCounts: Int32Array;
  readonly rows: number;
  readonly dim: number;
  /** The rows came from a table. */
  readonly table: boolean;
  /** Of each row the id of what it was augmented from, null for an original; absent where there are originals only. */
  readonly parents?: readonly (string | null)[];
  readonly labels: Int32Array;
  /** The head has layers below its classifier. */
  readonly layered: boolean;
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
  | 'rateFactor'
  | 'epochs'
  | 'epochLength'
  | 'freshDraws'
  | 'standardize'
  | 'step'
  | 'accumulate'
>;

/** One of several trainings, each going on from the head of the one before. */
export interface Stage extends StrategyParts {
  /** What it is for, as recorded in the settings. */
  readonly name: string;
  /** Rows it trains on; default: all. */
  readonly rows?: Int32Array;
  /** What moves; default: everything. */
  readonly trainable?: readonly string[] | 'classifier';
  /** What begins anew; default: nothing. */
  readonly restart?: readonly string[] | 'classifier';
}

export interface StrategyRecipe extends StrategyParts {
  /** Trainings one after the other, each with the parts above and its own; default: one. */
  readonly stages?: readonly [Stage, ...Stage[]];
  /** A last touch to the parameters, without training; returns what it did, as JSON. */
  readonly finish?: FitExtras['finish'];
  /** The head is what its rows make of it, without a step: epochs, which may be given for all strategies alike, are none for it. */
  readonly untrained?: boolean;
}

export interface StrategyDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  /** On what data it is worth trying, and what it costs there: one line. */
  readonly when: string;
  /** `many`: for rows with any number of labels; default `one`. */
  readonly targets?: TargetKind;
  /** The strategy of which this is another name; comparisons of all strategies leave it out. */
  readonly aliasOf?: string;
  /** Whether it cannot be trained without validation rows. */
  readonly needsValidation?: boolean;
  /** Why its steps are not those of plain cross-entropy, for a method whose point they are. */
  readonly ownSteps?: string;
  /** Nothing in it is random: every seed gives the same head. */
  readonly deterministic?: boolean;
  recipe(context: StrategyContext<OptionsOf<R>>): StrategyRecipe;
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
): {
  options: OptionsOf<R>;
  stages: readonly [Stage, ...Stage[]];
  finish: FitExtras['finish'];
} {
  const { name } = definition;
  const options = resolveOptions(name, definition.options, given);
  const { stages, finish, untrained, ...parts } = definition.recipe({ ...context, options });
  const whole = (stages ?? [{ name: 'whole' }]).map((stage) => ({ ...parts, ...stage }));
  for (const part of new Set(whole.flatMap((stage) => Object.keys(stage))))
    if (part !== 'name' && part !== 'rows' && beside[part as keyof StrategyParts] !== undefined)
      throw new EquipoiseError(
        'ERR_OPTION',
        `Strategy ${name} chooses its own ${part}, so trainHead.${part} cannot be given beside it. Use strategyOptions, or leave the strategy out and give the parts`,
      );
  const made = untrained ? whole.map((stage) => ({ ...stage, epochs: 0 })) : whole;
  return { options, stages: made as unknown as readonly [Stage, ...Stage[]], finish };
}

/** The same strategy under another name. */
export function aliasOf<R extends OptionRules>(name: string, of: StrategyDefinition<R>): StrategyDefinition<R> {
  return {
    ...of,
    name,
    summary: `another name of ${of.name}`,
    when: `where ${of.name} is, under a name from elsewhere`,
    aliasOf: of.name,
  };
}
