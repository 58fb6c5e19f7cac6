/** What a comparison found. Plain JSON. */

import type { TargetKind } from '../core/targets.js';
import type { AnyEvaluation } from '../metric/index.js';
import { confidence, type Bounds, type Interval } from './bootstrap.js';
import type { ClassGaps, TrainedGap } from './trained-rows.js';

export const LEADERBOARD_FORMAT_VERSION = 1;

/** Over the seeds; `sd` is that of a sample (n − 1), null for one seed. A value is null where no seed has one. */
export interface Spread {
  readonly mean: number | null;
  readonly sd: number | null;
}

export interface SeedResult {
  readonly seed: number;
  /** On the test rows; with folds, on all rows, each judged by the head that has not seen it. */
  readonly evaluation: AnyEvaluation;
  /** Of one training, with the sampler's search: the mean of the folds. */
  readonly seconds: number;
  /** One a fold. */
  readonly bestEpochs: readonly number[];
  /** The mean of the folds; null where it was not measured. */
  readonly gap: TrainedGap | null;
}

export interface AgainstBaseline extends Interval {
  readonly baseline: string;
  readonly verdict: 'better' | 'worse' | 'no clear difference';
  /** The verdict as a sentence, numbers included. */
  readonly sentence: string;
}

/** A leaderboard has those that its kind of labels knows. */
export const leaderboardMetrics = [
  'balancedAccuracy',
  'macroF1',
  'microF1',
  'meanAveragePrecision',
  'geometricMeanClass',
  'geometricMeanMacro',
  'accuracy',
  'worstClassRecall',
  'manyShot',
  'mediumShot',
  'fewShot',
  'expectedCalibrationError',
  'hammingLoss',
  'subsetAccuracy',
  'logLoss',
  'rocAuc',
  'prAuc',
] as const;
export type LeaderboardMetric = (typeof leaderboardMetrics)[number];

/** What ranks, and what differences have intervals of: a mean over the classes of a ratio of counts (see `Marks`). */
export const decidingMetric = { one: 'balancedAccuracy', many: 'macroF1' } as const satisfies Record<
  TargetKind,
  LeaderboardMetric
>;

/** In words. */
export const decidingWords = { one: 'balanced accuracy', many: 'macro F1' } as const;

export interface LeaderboardRow {
  readonly name: string;
  readonly strategy: string | null;
  /** Without a value for a metric of another kind of labels. */
  readonly metrics: Readonly<Record<LeaderboardMetric, Spread>>;
  /** In class-table order; null where the test rows have none of the class. */
  readonly recalls: readonly ({ readonly className: string } & Spread)[];
  /** The mean of the seeds. */
  readonly gap: TrainedGap | null;
  readonly seconds: Spread;
  /** Absent in the baseline's own row. */
  readonly againstBaseline?: AgainstBaseline;
  /** Fewer than the leaderboard's where time was up or a training failed. */
  readonly seeds: readonly SeedResult[];
}

export interface Leaderboard {
  readonly formatVersion: typeof LEADERBOARD_FORMAT_VERSION;
  /** Whether rows have one label each or any number of them. */
  readonly targets: TargetKind;
  readonly classNames: readonly string[];
  /** Training rows a class, of the first seed. */
  readonly trainCounts: readonly number[];
  readonly baseline: string;
  readonly seeds: readonly number[];
  readonly folds: number | null;
  /** Rows in each part, of the first seed (and fold). */
  readonly parts: { readonly train: number; readonly validation: number; readonly test: number };
  /** By falling mean of the metric that decides: balanced accuracy, or macro F1 for rows with any number of labels. */
  readonly rows: readonly LeaderboardRow[];
  /** Seeds that a contender was not judged on because time was up. */
  readonly leftOut: readonly { readonly name: string; readonly seeds: readonly number[] }[];
  /** Where all strategies were asked for: those that are for another kind of labels. */
  readonly notApplicable: readonly string[];
  readonly failures: readonly { readonly name: string; readonly seed: number; readonly message: string }[];
  /** What may be said, in plain sentences. */
  readonly conclusion: readonly string[];
}

export function spread(values: readonly (number | null | undefined)[]): Spread {
  const present = values.filter((value): value is number => typeof value === 'number');
  if (present.length === 0) return { mean: null, sd: null };
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length;
  if (present.length === 1) return { mean, sd: null };
  const squares = present.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (present.length - 1)) };
}

/** Null for a class without test rows: its recall is not zero, it is unknown. */
export function recallOf(evaluation: AnyEvaluation, c: number): number | null {
  return (evaluation.support[c] as number) > 0 ? (evaluation.perClass[c]?.recall ?? null) : null;
}

/** Null where it has none, as for a metric of another kind of labels. */
export function valueOf(evaluation: AnyEvaluation, metric: LeaderboardMetric): number | null {
  if (metric !== 'worstClassRecall')
    return (evaluation as Partial<Record<LeaderboardMetric, number | null>>)[metric] ?? null;
  const recalls = evaluation.support.map((_, c) => recallOf(evaluation, c)).filter((recall) => recall !== null);
  return recalls.length === 0 ? null : Math.min(...recalls);
}

function meanClassGaps(all: readonly ClassGaps[]): ClassGaps {
  const perClass = (all[0]?.perClass ?? []).map((_, c) => spread(all.map(({ perClass: own }) => own[c])).mean);
  return { perClass, mean: spread(all.map(({ mean }) => mean)).mean };
}

/** The mean of several trainings; null unless all have one. */
export function meanGap(all: readonly (TrainedGap | null)[]): TrainedGap | null {
  const known = all.filter((gap) => gap !== null);
  if (known.length === 0 || known.length < all.length) return null;
  const mean = (of: (gap: TrainedGap) => ClassGaps) => meanClassGaps(known.map(of));
  return {
    before: mean((gap) => gap.before),
    after: mean((gap) => gap.after),
    equalCounts: { before: mean((gap) => gap.equalCounts.before), after: mean((gap) => gap.equalCounts.after) },
  };
}

/** Three decimals and a sign, where they are not all 0. */
function signed(value: number): string {
  const text = Math.abs(value).toFixed(3);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`;
}
const range = ({ low, high }: Bounds) => `${signed(low)} to ${signed(high)}`;

/** Says in words what the interval allows to be said. @param comparisons that are made at once; @param asked seeds that were asked for. */
export function sayAgainst(
  name: string,
  baseline: string,
  interval: Interval,
  {
    seeds,
    asked = seeds,
    comparisons = 1,
    targets = 'one',
  }: { seeds: number; asked?: number; comparisons?: number; targets?: TargetKind },
): AgainstBaseline {
  const { difference, simultaneous } = interval;
  const verdict = simultaneous.low > 0 ? 'better' : simultaneous.high < 0 ? 'worse' : 'no clear difference';
  const among = comparisons > 1 ? `, widened for ${comparisons} comparisons,` : '';
  const over = seeds < asked ? `${seeds} of ${asked} seeds` : `${seeds} ${seeds === 1 ? 'seed' : 'seeds'}`;
  const numbers = `${signed(difference)} ${decidingWords[targets]}, ${confidence * 100} % interval${among} ${range(simultaneous)} over ${over}`;
  const words =
    verdict === 'no clear difference'
      ? `${name} and ${baseline} cannot be told apart beyond noise`
      : `${name} is ${verdict} than ${baseline} beyond noise`;
  return { baseline, ...interval, verdict, sentence: `${words} (${numbers}).` };
}

/** With fewer test rows a class the bootstrap hardly knows what others would have shown. */
const FEW_TEST_ROWS = 10;

/** The whole in plain sentences: which are better beyond noise, which are not, and what the reader must know to believe it. */
export function conclude({
  rows,
  baseline,
  seeds,
  leftOut,
  notApplicable,
  failures,
  targets,
}: Pick<Leaderboard, 'rows' | 'baseline' | 'seeds' | 'leftOut' | 'notApplicable' | 'failures' | 'targets'>): string[] {
  const of = (verdict: AgainstBaseline['verdict']) =>
    rows.filter(({ againstBaseline }) => againstBaseline?.verdict === verdict);
  const list = (found: readonly LeaderboardRow[]) =>
    found.map(({ name, againstBaseline }) => `${name} (${signed(againstBaseline?.difference ?? 0)})`).join(', ');
  const [better, worse, unclear] = [of('better'), of('worse'), of('no clear difference')];
  const compared = better.length + worse.length + unclear.length;
  const sentences = [
    better.length > 0
      ? `Better than ${baseline} beyond noise, by ${decidingWords[targets]}: ${list(better)}.`
      : compared > 0
        ? `Nothing is better than ${baseline} beyond noise.`
        : `Nothing was held against ${baseline}.`,
  ];
  if (worse.length > 0) sentences.push(`Worse than ${baseline} beyond noise: ${list(worse)}.`);
  if (unclear.length > 0) sentences.push(`Not to be told apart from ${baseline}: ${list(unclear)}.`);
  if (compared > 1)
    sentences.push(
      `The ${compared} intervals are widened so that they hold together: the chance that any of the ${compared} differences lies outside its own is ${Math.round((1 - confidence) * 100)} %.`,
    );
  if (rows.every((row) => row.seeds.length <= 1))
    sentences.push('One seed: how much another one changes is not in the intervals.');
  const support = rows[0]?.seeds[0]?.evaluation;
  const few = support?.support.flatMap((n, c) =>
    n > 0 && n < FEW_TEST_ROWS ? [`${support.classNames[c]} (${n})`] : [],
  );
  if (few && few.length > 0)
    sentences.push(
      `Judged on fewer than ${FEW_TEST_ROWS} rows, so that the intervals are too narrow: ${few.slice(0, 8).join(', ')}${few.length > 8 ? `, and ${few.length - 8} more classes` : ''}.`,
    );
  if (leftOut.length > 0) {
    const done = new Map(rows.map((row) => [row.name, row.seeds.length]));
    const told = leftOut.map(({ name }) =>
      done.has(name) ? `${name} has ${done.get(name)} of ${seeds.length} seeds` : `${name} was not trained`,
    );
    sentences.push(`Time was up: ${told.join(', ')}.`);
  }
  if (notApplicable.length > 0)
    sentences.push(
      `Left out, for they are for rows with ${targets === 'many' ? 'one label each' : 'any number of labels'}: ${notApplicable.join(', ')}.`,
    );
  const failed = new Map(failures.map(({ name, message }) => [name, message]));
  for (const [name, message] of failed) sentences.push(`${name} failed: ${message}.`);
  return sentences;
}
