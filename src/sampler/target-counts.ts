/** What a sampler aims at, known before anything is computed. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import type { Sampler, SamplerEntry } from './sampler.js';
import { resolveSamplingStrategy, samplingStrategyRule, type SamplingStrategy } from './sampling-strategy.js';

export interface TargetCount {
  readonly name: string;
  readonly before: number;
  /** Null where the rows themselves decide. */
  readonly after: number | null;
  /** Whether the class ends with exactly that many. */
  readonly exact: boolean;
}

/**
 * The rows each class is to have, from counts alone.
 * @param entry the registry entry that `sampler` was made by.
 * @throws as `plan` does for a strategy that cannot be met.
 */
export function targetCounts(
  entry: SamplerEntry,
  sampler: Sampler,
  { classCounts, classNames }: Pick<EmbeddingSet, 'classCounts' | 'classNames'>,
): TargetCount[] {
  const { kind, totals } = entry;
  const toTotals = kind !== 'both' && entry.options['samplingStrategy'] === samplingStrategyRule;
  const after = toTotals
    ? resolveSamplingStrategy(
        sampler.options['samplingStrategy'] as SamplingStrategy,
        classCounts,
        classNames,
        kind,
        `${sampler.name}.samplingStrategy`,
      )
    : undefined;
  return classNames.map((name, c) => ({
    name,
    before: classCounts[c] as number,
    after: after === undefined ? null : (after[c] as number),
    exact: totals === 'exact',
  }));
}
