import type { EmbeddingSet, TrainingSet } from '../core/embedding-set.js';
import { assertTraining, isResampled, partOf } from '../core/embedding-set.js';
import { EquipoiseError, expected, throwIfAborted } from '../core/errors.js';
import { custom, integer, number, resolveOptions } from '../core/options.js';
import type { OnProgress } from '../core/progress.js';
import { assertOneLabel } from '../core/targets.js';
import { split } from '../dataset/split.js';
import { evaluatePredictions } from '../metric/index.js';
import { strategies, trainHead, type StrategyDefinition, type TrainHeadOptions } from '../strategy/index.js';
import type { TrainedHead } from '../train/index.js';
import { pairedInterval, type PairedRun } from './bootstrap.js';
import {
  leaderboardMetrics,
  sayAgainst,
  spread,
  type Leaderboard,
  type LeaderboardMetric,
  type LeaderboardRow,
  type SeedResult,
} from './leaderboard.js';

/** Parts made beforehand; every seed then trains and tests on the same ones. */
export interface ComparedParts {
  readonly train: TrainingSet;
  readonly validation?: EmbeddingSet;
  readonly test: EmbeddingSet;
}

/** A strategy by name, or any options of `trainHead` under a name of its own. */
export type Contender = string | (TrainHeadOptions & { readonly name?: string });

export interface CompareOptions {
  /** All registered ones by default, aliases left out. */
  readonly strategies?: 'all' | readonly Contender[];
  /** The contender that the others are held against: `ce` if it takes part, else the first. */
  readonly baseline?: string;
  /** A number of seeds, 0, 1, …, or the seeds. */
  readonly seeds?: number | readonly number[];
  readonly test?: number;
  readonly validation?: number;
  /** Options of `trainHead` for all contenders alike. */
  readonly training?: Omit<
    TrainHeadOptions,
    'strategy' | 'strategyOptions' | 'seed' | 'validation' | 'signal' | 'onProgress'
  >;
  readonly replicates?: number;
  /** Is handed every head once it is judged; they are not kept otherwise. */
  readonly onHead?: (name: string, seed: number, head: TrainedHead) => void;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export const compareOptions = {
  strategies: custom<'all' | readonly Contender[]>({
    accepts: "'all', or an array of strategy names and { name, …options of trainHead }",
    default: 'all',
    help: 'what takes part; more: a longer wait, and more chances of a lucky winner',
    check: (value) => value === 'all' || (Array.isArray(value) && value.length > 0),
  }),
  baseline: custom<string | undefined>({
    accepts: 'the name of a contender',
    default: undefined,
    help: 'what the others are held against; default: ce if it takes part, else the first',
    check: (value) => typeof value === 'string',
  }),
  seeds: custom<number | readonly number[]>({
    accepts: 'integer >= 1, or an array of different seeds',
    default: 5,
    help: 'repetitions, each with its own split, initial weights and draws; 1: the spread between runs stays unknown',
    check: (value) =>
      (Number.isSafeInteger(value) && (value as number) >= 1) ||
      (Array.isArray(value) &&
        value.length > 0 &&
        new Set(value).size === value.length &&
        value.every((seed) => Number.isSafeInteger(seed) && seed >= 0)),
  }),
  test: number({
    min: 0.01,
    max: 0.9,
    default: 0.2,
    help: 'share of the rows to judge by, where a whole set is given',
  }),
  validation: number({
    min: 0,
    max: 0.9,
    default: 0.1,
    help: 'share of the rows that choose the epoch; 0: the last one',
  }),
  training: custom<object>({
    accepts: 'options of trainHead',
    default: {},
    help: 'for all contenders alike',
    check: (value) => typeof value === 'object' && value !== null,
  }),
  replicates: integer({ min: 100, default: 2000, help: 'draws of the bootstrap; few: ragged intervals' }),
  onHead: custom<CompareOptions['onHead']>({
    accepts: 'a function',
    default: undefined,
    help: 'is handed every head once it is judged',
    check: (value) => typeof value === 'function',
  }),
  signal: custom<AbortSignal | undefined>({
    accepts: 'an AbortSignal',
    default: undefined,
    help: 'stops the comparison',
    check: (value) => typeof value === 'object' && value !== null && 'aborted' in value,
  }),
  onProgress: custom<OnProgress | undefined>({
    accepts: 'a function',
    default: undefined,
    help: 'is told how far the comparison is',
    check: (value) => typeof value === 'function',
  }),
};

function contendersOf(given: 'all' | readonly Contender[]): { name: string; options: TrainHeadOptions }[] {
  const registered = Object.values<Pick<StrategyDefinition, 'name' | 'aliasOf' | 'targets'>>(strategies);
  const list =
    given === 'all'
      ? registered.filter(({ aliasOf, targets }) => aliasOf === undefined && targets !== 'many').map(({ name }) => name)
      : given;
  const contenders = list.map((contender) => {
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
  return contenders;
}

function partsOf(data: EmbeddingSet | ComparedParts, seed: number, test: number, validation: number): ComparedParts {
  if ('embeddings' in data) return split(data, { test, validation, seed });
  assertTraining(data.train, 'compare');
  for (const [part, set] of Object.entries({ validation: data.validation, test: data.test }))
    if (set && (isResampled(set) || partOf(set) === 'train'))
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected held-out rows for compare's ${part} but received ${partOf(set)} rows`,
      );
  return data;
}

/** 1 for each row that is predicted to be what it is. */
function rightOf(predicted: Int32Array, labels: Int32Array): Uint8Array {
  return Uint8Array.from(labels, (label, i) => (predicted[i] === label ? 1 : 0));
}

/**
 * Trains several strategies on the same splits and seeds and says which differences are more than noise.
 *
 * Every strategy sees the same training, validation and test rows under each seed. A whole set is split anew for each seed;
 * parts made beforehand stay as they are. Epochs are chosen on validation rows, never on test rows.
 *
 * @returns rows by falling balanced accuracy, each with its spread over seeds and a paired bootstrap interval against the baseline.
 * @throws ERR_OPTION, ERR_DATA, ERR_ABORTED as `trainHead` and `split` do.
 *
 * @example
 * const leaderboard = await compare(set, { strategies: ['ce', 'class-weights', 'eos'], seeds: 5 });
 * for (const { name, againstBaseline } of leaderboard.rows) console.log(name, againstBaseline?.sentence);
 */
export async function compare(data: EmbeddingSet | ComparedParts, options: CompareOptions = {}): Promise<Leaderboard> {
  const o = resolveOptions('compare', compareOptions, options);
  if (!('embeddings' in data) && (options.test ?? options.validation) !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      'Expected no compare.test and compare.validation beside parts made beforehand: those stay as they are. Leave the shares out, or pass the whole set',
    );
  const { signal, onProgress } = o;
  const contenders = contendersOf(o.strategies);
  const names = contenders.map(({ name }) => name);
  const baseline = o.baseline ?? (names.includes('ce') ? 'ce' : (names[0] as string));
  if (!names.includes(baseline)) throw expected(`one of ${names.join(', ')}`, 'compare.baseline', baseline);
  const seeds = typeof o.seeds === 'number' ? Array.from({ length: o.seeds }, (_, seed) => seed) : o.seeds;

  const results = new Map(names.map((name) => [name, [] as SeedResult[]]));
  const right = new Map(names.map((name) => [name, [] as Uint8Array[]]));
  const tests: EmbeddingSet[] = [];
  let first: ComparedParts | undefined;
  const total = seeds.length * contenders.length;
  let done = 0;
  for (const seed of seeds) {
    const parts = partsOf(data, seed, o.test, o.validation);
    first ??= parts;
    const { train, validation, test } = parts;
    assertOneLabel(train, 'compare', 'Train each strategy with trainHead and judge it with evaluateMultiLabel');
    const { classNames } = train;
    tests.push(test);
    for (const { name, options: own } of contenders) {
      onProgress?.({ stage: 'compare', done, total, message: `${name}, seed ${seed}` });
      throwIfAborted(signal, 'comparing');
      const started = performance.now();
      const head = await trainHead(train, {
        ...o.training,
        ...own,
        seed,
        ...(validation && validation.labels.length > 0 && { validation }),
        ...(signal && { signal }),
      });
      const seconds = (performance.now() - started) / 1000;
      const logits = head.logits(test.embeddings);
      const predicted = head.decide(logits);
      const evaluation = evaluatePredictions({
        labels: test.labels,
        logits,
        predicted,
        classNames,
        trainCounts: train.classCounts,
      });
      results.get(name)?.push({ seed, evaluation, seconds, bestEpoch: head.bestEpoch });
      right.get(name)?.push(rightOf(predicted, test.labels));
      o.onHead?.(name, seed, head);
      done++;
    }
  }
  onProgress?.({ stage: 'compare', done, total });

  const { train, validation, test } = first as ComparedParts;
  const { classNames } = train;
  const rows = contenders.map(({ name, options: own }): LeaderboardRow => {
    const runs = results.get(name) as SeedResult[];
    const paired = tests.map((set, r): PairedRun => ({
      ids: set.ids,
      labels: set.labels,
      right: right.get(name)?.[r] as Uint8Array,
      baselineRight: right.get(baseline)?.[r] as Uint8Array,
    }));
    const { strategy } = own;
    return {
      name,
      strategy: (typeof strategy === 'object' ? strategy.name : strategy) ?? null,
      metrics: Object.fromEntries(
        leaderboardMetrics.map((metric) => [metric, spread(runs.map(({ evaluation }) => valueOf(evaluation, metric)))]),
      ) as Record<LeaderboardMetric, ReturnType<typeof spread>>,
      recalls: classNames.map((className, c) => ({
        className,
        ...spread(runs.map(({ evaluation }) => recallOf(evaluation, c))),
      })),
      seconds: spread(runs.map((run) => run.seconds)),
      ...(name !== baseline && {
        againstBaseline: sayAgainst(
          name,
          baseline,
          pairedInterval(paired, classNames.length, o.replicates, seeds[0] as number),
          seeds.length,
        ),
      }),
      seeds: runs,
    };
  });
  rows.sort((a, b) => (b.metrics.balancedAccuracy.mean ?? 0) - (a.metrics.balancedAccuracy.mean ?? 0));
  return {
    classNames,
    baseline,
    seeds,
    parts: { train: train.labels.length, validation: validation?.labels.length ?? 0, test: test.labels.length },
    rows,
  };
}

type Judged = SeedResult['evaluation'];

/** Null for a class without test rows: its recall is not zero, it is unknown. */
function recallOf(evaluation: Judged, c: number): number | null {
  return (evaluation.support[c] as number) > 0 ? (evaluation.perClass[c]?.recall ?? null) : null;
}

function valueOf(evaluation: Judged, metric: LeaderboardMetric): number | null {
  if (metric !== 'worstClassRecall') return evaluation[metric];
  const recalls = evaluation.support.map((_, c) => recallOf(evaluation, c)).filter((recall) => recall !== null);
  return recalls.length === 0 ? null : Math.min(...recalls);
}
