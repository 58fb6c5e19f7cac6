/** SMOTE followed by a cleaning of all classes, synthetic rows included. */

import type { OptionRules, OptionsOf } from '../core/options.js';
import type { CleaningStrategy } from './cleaning-strategy.js';
import { samplerEntry } from './entry.js';
import { pipeline } from './pipeline.js';
import type { Sampler, SamplerEntry } from './sampler.js';
import { smote } from './smote.js';

type CleanAll = { samplingStrategy: CleaningStrategy };

const everyClass: CleanAll = {
  samplingStrategy: (counts) => Object.keys(counts).filter((name) => (counts[name] as number) > 0),
};

/** The options are those of `smote`, and `options` of the cleaning method; `clean` makes it. */
export function smoteThenClean<const N extends string, R extends OptionRules>(definition: {
  readonly name: N;
  readonly summary: string;
  readonly paper: string;
  readonly options: R;
  clean(options: OptionsOf<R>, classes: CleanAll): Sampler;
}): SamplerEntry<typeof smote.options & R> & { readonly name: N } {
  const { name, summary, paper } = definition;
  const { towards } = smote;
  return samplerEntry(
    {
      name,
      summary,
      paper,
      kind: 'both',
      ...(towards && { towards }),
      totals: 'approximate',
      columns: 'any',
      reads: 'embeddings',
      classes: 'together',
    },
    {
      options: { ...smote.options, ...definition.options },
      start(options) {
        const { kNeighbors, samplingStrategy, seed } = options as OptionsOf<typeof smote.options>;
        const both = pipeline([
          smote({ kNeighbors, samplingStrategy, seed }),
          definition.clean(options as OptionsOf<R>, everyClass),
        ]);
        return async (train, context, draw) => {
          const plan = await both.plan(train, { ...context, draw });
          return { ...plan, sampler: name, options: { ...options, ...strategyOf(plan.options) } };
        };
      },
    },
  );
}

/** The strategy as SMOTE's plan records it: totals where it was a function. */
function strategyOf({ stages }: Readonly<Record<string, unknown>>): { samplingStrategy: unknown } {
  const [first] = stages as [{ samplingStrategy: unknown }];
  return { samplingStrategy: first.samplingStrategy };
}
