import type { OptionRules } from '../core/options.js';
import type { LossDefinition } from '../loss/index.js';
import { defineStrategy, type StrategyDefinition, type StrategyParts } from './strategy.js';

/** A loss on the rows as they are, under its name and with its options. */
export function byLoss<R extends OptionRules>(
  { name, paper, options, needs, targets }: LossDefinition<R>,
  { summary, when, ...parts }: { summary: string; when: string } & Pick<StrategyParts, 'head'>,
): StrategyDefinition<R> {
  return defineStrategy({
    name,
    summary,
    when,
    ...(targets && { targets }),
    ...(paper !== undefined && { paper }),
    ...(needs?.includes('recalls') && { needsValidation: true }),
    options,
    recipe: ({ options: chosen }) => ({
      ...parts,
      loss: { ...chosen, name },
      sampler: null,
      batchSampler: 'instance',
    }),
  });
}
