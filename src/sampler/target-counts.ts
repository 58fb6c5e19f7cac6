/** What a sampler aims at, known before anything is computed. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import { cleaningStrategyRule, resolveCleaningStrategy, type CleaningStrategy } from './cleaning-strategy.js';
import type { Sampler, SamplerEntry } from './sampler.js';
import { resolveSamplingStrategy, samplingStrategyRule, type SamplingStrategy } from './sampling-strategy.js';

export interface TargetCount {
  readonly name: string;
  readonly before: number;
  /** Null where the rows themselves decide. */
  readonly after: number | null;
  /** Then: what they cannot exceed. */
  readonly atMost?: number;
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
  const rule = entry.options['samplingStrategy'];
  const strategy = sampler.options['samplingStrategy'];
  const owner = `${sampler.name}.samplingStrategy`;
  const before = (c: number): number => classCounts[c] as number;
  if (rule === samplingStrategyRule) {
    // Methods that do both over-sample to the totals and then remove what they find.
    const direction = kind === 'under' ? 'under' : 'over';
    const after = resolveSamplingStrategy(strategy as SamplingStrategy, classCounts, classNames, direction, owner);
    return classNames.map((name, c) =>
      kind === 'both'
        ? { name, before: before(c), after: null, atMost: after[c] as number, exact: false }
        : { name, before: before(c), after: after[c] as number, exact: totals === 'exact' },
    );
  }
  if (rule !== cleaningStrategyRule)
    return classNames.map((name, c) => ({ name, before: before(c), after: null, exact: false }));
  const targets = resolveCleaningStrategy(strategy as CleaningStrategy, classCounts, classNames, owner);
  return classNames.map((name, c) =>
    targets.includes(c)
      ? { name, before: before(c), after: null, atMost: before(c), exact: false }
      : { name, before: before(c), after: before(c), exact: true },
  );
}
