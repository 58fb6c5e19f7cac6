/** What takes part in a comparison, and whether it can, before any work. */

import type { TrainingSet } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { lookUp } from '../core/registry.js';
import type { TargetKind } from '../core/targets.js';
import {
  checkStrategy,
  plainStrategy,
  strategies,
  strategiesFor,
  type StrategyDefinition,
  type TrainHeadOptions,
} from '../strategy/index.js';
import type { ComparedParts } from './parts.js';

/** A strategy by name, or any options of `trainHead` under a name of its own. */
export type Contender = string | (TrainHeadOptions & { readonly name?: string });

export interface NamedContender {
  readonly name: string;
  readonly options: TrainHeadOptions;
}

/** What every clever method is to be held against: first the plain one. */
export const standardBaselines = {
  one: [plainStrategy.one, 'class-weights', 'logit-adjustment', 'random-over-sampling'],
  many: [plainStrategy.many, 'class-weights-sigmoid'],
} as const;

const definitionOf = (strategy: NonNullable<TrainHeadOptions['strategy']>): StrategyDefinition =>
  (typeof strategy === 'object'
    ? strategy
    : lookUp(strategies, 'strategy', strategy, 'strategies')) as StrategyDefinition;

/** The baselines first, then what was named, in its order. 'all' leaves out aliases, which are no strategies of their own, and what is for rows of another kind. */
export function contendersOf(
  given: 'all' | readonly Contender[],
  baselines: readonly string[],
  kind: TargetKind,
): NamedContender[] {
  const list = given === 'all' ? strategiesFor(kind).fitting : given;
  const contenders = list.map((contender): NamedContender => {
    if (typeof contender === 'string') return { name: contender, options: { strategy: contender } };
    if (typeof contender !== 'object' || contender === null)
      throw expected('a strategy', 'compare.strategies', contender);
    const { name, ...options } = contender;
    const { strategy } = options;
    const title = name ?? (typeof strategy === 'object' ? strategy.name : strategy);
    if (title === undefined) throw expected('a name', 'a contender of compare without a strategy', name);
    return { name: title, options };
  });
  const names = contenders.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Two contenders of compare are called ${twice}. Give one of them another name`,
    );
  const first = baselines.map(
    (name) => contenders.find((contender) => contender.name === name) ?? { name, options: { strategy: name } },
  );
  return [...first, ...contenders.filter(({ name }) => !baselines.includes(name))];
}

/**
 * Looks through all contenders before the first of them trains.
 * @throws ERR_OPTION naming those that cannot take part, and why.
 */
export function checkContenders(
  contenders: readonly NamedContender[],
  { train, validation }: ComparedParts,
  shared: TrainHeadOptions,
): void {
  const needing = contenders.filter(
    ({ options: { strategy } }) => strategy !== undefined && definitionOf(strategy).needsValidation,
  );
  if (needing.length > 0 && (validation?.labels.length ?? 0) === 0)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected validation rows for ${needing.map(({ name }) => name).join(', ')}, which cannot be trained without, but there are none. Give a validation share above 0, or leave ${needing.length === 1 ? 'it' : 'them'} out`,
    );
  for (const { name, options } of contenders) check(name, train, { ...shared, ...options });
}

function check(name: string, train: TrainingSet, options: TrainHeadOptions): void {
  try {
    checkStrategy(train, options);
  } catch (error) {
    if (!(error instanceof EquipoiseError)) throw error;
    throw new EquipoiseError(error.code, `${name} cannot take part: ${error.message}`, { cause: error });
  }
}
