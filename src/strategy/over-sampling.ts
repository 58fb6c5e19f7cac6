import type { OptionRules, OptionsOf } from '../core/options.js';
import type { SamplerEntry } from '../sampler/index.js';
import { defineStrategy, type StrategyDefinition } from './strategy.js';

/** Plain cross-entropy on the rows of an over-sampler, under its name and with its options. */
export function overSampling<R extends OptionRules>(
  sampler: SamplerEntry<R>,
  { summary, when }: { summary: string; when: string },
): StrategyDefinition<Omit<R, 'seed'>> {
  const { seed: _, ...options } = sampler.options as OptionRules;
  return defineStrategy({
    name: sampler.name,
    summary,
    when,
    ...(sampler.paper !== undefined && { paper: sampler.paper }),
    // Draws follow the seed of the training.
    options: options as Omit<R, 'seed'>,
    recipe: ({ options: chosen }: { options: OptionsOf<Omit<R, 'seed'>> }) => ({
      loss: 'cross-entropy',
      sampler: { ...chosen, name: sampler.name },
      batchSampler: 'instance',
    }),
  });
}
