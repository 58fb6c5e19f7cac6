/** What a comparison found. Plain JSON. */

import type { Evaluation } from '../metric/index.js';
import type { Interval } from './bootstrap.js';

/** Over the seeds; `sd` is that of a sample (n − 1), null for one seed. A value is null where no seed has one. */
export interface Spread {
  readonly mean: number | null;
  readonly sd: number | null;
}

export interface SeedResult {
  readonly seed: number;
  readonly evaluation: Evaluation;
  /** Training only, with the sampler's search. */
  readonly seconds: number;
  readonly bestEpoch: number;
}

export interface AgainstBaseline extends Interval {
  readonly baseline: string;
  readonly verdict: 'better' | 'worse' | 'no clear difference';
  /** The verdict as a sentence, numbers included. */
  readonly sentence: string;
}

export const leaderboardMetrics = [
  'balancedAccuracy',
  'macroF1',
  'geometricMeanClass',
  'geometricMeanMacro',
  'accuracy',
  'worstClassRecall',
] as const;
export type LeaderboardMetric = (typeof leaderboardMetrics)[number];

export interface LeaderboardRow {
  readonly name: string;
  readonly strategy: string | null;
  readonly metrics: Readonly<Record<LeaderboardMetric, Spread>>;
  /** In class-table order; null where the test rows have none of the class. */
  readonly recalls: readonly ({ readonly className: string } & Spread)[];
  readonly seconds: Spread;
  /** Absent in the baseline's own row. */
  readonly againstBaseline?: AgainstBaseline;
  readonly seeds: readonly SeedResult[];
}

export interface Leaderboard {
  readonly classNames: readonly string[];
  readonly baseline: string;
  readonly seeds: readonly number[];
  /** Rows in each part, of the first seed. */
  readonly parts: { readonly train: number; readonly validation: number; readonly test: number };
  /** By falling mean balanced accuracy. */
  readonly rows: readonly LeaderboardRow[];
}

export function spread(values: readonly (number | null | undefined)[]): Spread {
  const present = values.filter((value): value is number => typeof value === 'number');
  if (present.length === 0) return { mean: null, sd: null };
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length;
  if (present.length === 1) return { mean, sd: null };
  const squares = present.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (present.length - 1)) };
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;

/** Says in words what the interval allows to be said. */
export function sayAgainst(name: string, baseline: string, interval: Interval, seeds: number): AgainstBaseline {
  const { difference, low, high } = interval;
  const verdict = low > 0 ? 'better' : high < 0 ? 'worse' : 'no clear difference';
  const numbers = `${signed(difference)} balanced accuracy, 95 % interval ${signed(low)} to ${signed(high)} over ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}`;
  const words =
    verdict === 'no clear difference'
      ? `${name} and ${baseline} cannot be told apart beyond noise`
      : `${name} is ${verdict} than ${baseline} beyond noise`;
  return { baseline, ...interval, verdict, sentence: `${words} (${numbers}).` };
}
