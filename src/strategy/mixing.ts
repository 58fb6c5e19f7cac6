import { number, type OptionRules, type OptionsOf } from '../core/options.js';
import type { MixEntry } from '../mix/index.js';
import { deferralPaper, deferralRules, reweighted } from './deferred.js';
import { defineStrategy, type StrategyDefinition } from './strategy.js';

const alpha = number({
  min: 0.01,
  max: 100,
  default: 1,
  help: 'steps towards the partner follow Beta(alpha, alpha); 1: all equally likely; small: hardly mixed; large: half way',
});

/** Pairs of rows, mixed anew each epoch, with the labels shared by a rule; the options are the rule's. */
export function mixing<R extends OptionRules>(
  mix: MixEntry<R>,
  { summary, when }: { summary: string; when: string },
): StrategyDefinition<R & { alpha: typeof alpha }> {
  const rules: OptionRules = { ...mix.options, alpha };
  return defineStrategy({
    name: mix.name,
    summary,
    when,
    ...(mix.paper !== undefined && { paper: mix.paper }),
    options: rules as R & { alpha: typeof alpha },
    recipe: ({ options }) => ({ ...mixed(mix, options), loss: 'cross-entropy' }),
  });
}

/** The same with deferred re-weighting, under the rule's name and `-drw`. */
export function mixingDeferred<R extends OptionRules>(
  mix: MixEntry<R>,
  { summary, when }: { summary: string; when: string },
): StrategyDefinition<R & { alpha: typeof alpha } & typeof deferralRules> {
  const rules: OptionRules = { ...mix.options, alpha, ...deferralRules };
  return defineStrategy({
    name: `${mix.name}-drw`,
    summary,
    when,
    paper: `${mix.paper}; ${deferralPaper}`,
    options: rules as R & { alpha: typeof alpha } & typeof deferralRules,
    recipe: ({ options }) => {
      const { beta, weightsFrom, ...rest } = options as Record<string, unknown> & OptionsOf<typeof deferralRules>;
      return { ...mixed(mix, rest), loss: reweighted({ beta, weightsFrom }) };
    },
  });
}

function mixed(mix: { readonly name: string }, options: object) {
  const { alpha: steps, ...rule } = options as { alpha: number };
  return {
    mix: { ...rule, name: mix.name },
    pairing: { name: 'random', alpha: steps },
    sampler: null,
    batchSampler: 'instance',
  };
}
