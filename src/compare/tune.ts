/** Search for the options of a strategy, on validation rows. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { custom, integer, number, resolveOptions, text, type OptionRules } from '../core/options.js';
import type { OnProgress } from '../core/progress.js';
import { lookUp } from '../core/registry.js';
import { evaluateOutcomes, metricKeys, metrics, multiLabelMetrics } from '../metric/index.js';
import { strategies, type StrategyDefinition } from '../strategy/index.js';
import { trainRules } from '../train/index.js';
import { laneCount, refuseShares } from './compare.js';
import { checkContenders, type NamedContender } from './contenders.js';
import { fingerprint, kernelsInUse, openJobFolder } from './folder.js';
import {
  decidingMetric,
  leaderboardMetrics,
  spread,
  valueOf,
  type LeaderboardMetric,
  type Spread,
} from './leaderboard.js';
import { compareOptions, sharedRules, type SharedTraining } from './options.js';
import { createDivider, divisionsOf, kindOf, type ComparedParts, type Division } from './parts.js';
import { runJobs, type Job } from './run-jobs.js';
import { checkSpace, declaredSpace, drawPoints, gridOf, type Point, type Space } from './space.js';

export const TUNING_FORMAT_VERSION = 1;

export interface TuneOptions {
  readonly strategy: string;
  /** Of options of the strategy, or of training (`learningRate`, `batchSize`, …): values in a list, or a range. Default: as declared. */
  readonly space?: Space;
  readonly search?: 'grid' | 'random';
  readonly trials?: number;
  /** Of the draws of the search. */
  readonly seed?: number;
  /** Of the trainings: each point is trained with all of them, and its score is the mean. */
  readonly seeds?: number | readonly number[];
  readonly metric?: LeaderboardMetric;
  readonly epochs?: number;
  readonly eta?: number;
  readonly test?: number;
  readonly validation?: number;
  readonly training?: SharedTraining;
  readonly jobs?: number;
  readonly out?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

const { folds: _, ...shared } = sharedRules;

export const tuneOptions = {
  strategy: text({ help: 'whose options are searched' }),
  space: custom<Space | undefined>({
    accepts: 'an object of arrays of values, or { min, max, scale }',
    default: undefined,
    help: 'what is searched; default: all options of the strategy, in their declared ranges',
    check: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  }),
  search: custom<'grid' | 'random' | undefined>({
    accepts: 'grid or random',
    default: undefined,
    help: 'every combination, or trials drawn at random; default: grid where all values are listed',
    check: (value) => value === 'grid' || value === 'random',
  }),
  trials: integer({
    min: 1,
    default: 20,
    help: 'points drawn at random; few: the best is missed; many: chance picks it',
  }),
  seed: integer({ min: 0, default: 0, help: 'of the draws of the search' }),
  seeds: { ...compareOptions.seeds, default: 1, help: 'trainings of each point; 1: one lucky split may decide' },
  metric: custom<LeaderboardMetric | undefined>({
    accepts: `one of ${leaderboardMetrics.join(', ')}`,
    default: undefined,
    help: `what decides, on the validation rows; default: ${decidingMetric.one}, for rows with any number of labels ${decidingMetric.many}; equal values are told apart by the log loss`,
    check: (value) => leaderboardMetrics.some((metric) => metric === value),
  }),
  epochs: integer({
    min: 1,
    default: 27,
    help: 'passes of the trials that reach the last round; few: unfinished trainings are compared',
  }),
  eta: number({
    min: 1,
    default: 3,
    help: 'successive halving: a round keeps the best of each so many, and gives them so many times the epochs; 1: every trial has all epochs; large: what learns slowly is discarded early',
  }),
  ...shared,
};

/** One point of the space and how far it came. */
export interface Trial {
  /** 0 is the strategy with its defaults. */
  readonly trial: number;
  readonly options: Point;
  /** Rounds it took part in, and the epochs of the last one. */
  readonly rounds: number;
  readonly epochs: number;
  /** On the validation rows, in that round, over the seeds. */
  readonly score: Spread;
  readonly logLoss: number | null;
  /** Of all its trainings. */
  readonly seconds: number;
  /** Why it could not be trained. */
  readonly failure?: string;
}

/** Plain JSON. */
export interface Tuning {
  readonly formatVersion: typeof TUNING_FORMAT_VERSION;
  readonly strategy: string;
  readonly metric: LeaderboardMetric;
  readonly search: 'grid' | 'random';
  readonly seeds: readonly number[];
  readonly space: Space;
  readonly rounds: readonly { readonly epochs: number; readonly trials: number }[];
  /** The best first: who came further, then who scored better. */
  readonly trials: readonly Trial[];
  /** To be spread into the options of `trainHead` or of a contender. */
  readonly best: { readonly strategy: string; readonly strategyOptions: Point; readonly epochs: number } & Point;
  readonly conclusion: readonly string[];
}

/** Successive halving (Jamieson, Talwalkar, AISTATS 2016): rounds of ever fewer trials with ever more epochs. */
export function roundsOf(trials: number, epochs: number, eta: number): { epochs: number; trials: number }[] {
  if (eta <= 1) return [{ epochs, trials }];
  // A tenth of a millionth: log(27)/log(3) is 3, whatever rounding says.
  const steps = (n: number) => Math.floor(Math.log(n) / Math.log(eta) + 1e-7);
  const last = Math.min(steps(trials), steps(epochs));
  return Array.from({ length: last + 1 }, (_, round) => ({
    epochs: Math.max(1, Math.round(epochs / eta ** (last - round))),
    trials: Math.max(1, Math.floor(trials / eta ** round + 1e-7)),
  }));
}

interface TrialJob extends Job {
  readonly trial: number;
}

/**
 * Searches the options of a strategy: a grid or draws at random, with successive halving, judged on validation rows.
 *
 * The strategy with its defaults is always the first trial. A round trains its trials anew, so that every schedule runs to its end.
 * Test rows are never looked at: a whole set is divided as `compare` divides it, and its test part waits for `compare` with the
 * same seeds. The result does not depend on the number of jobs; with `out`, finished trainings are kept and not done again.
 *
 * @throws ERR_OPTION for a space or strategy that cannot be searched, before any training; ERR_DATA where every trial fails.
 *
 * @example
 * const { best } = await tune(set, { strategy: 'focal', space: { gamma: [0.5, 1, 2, 4] } });
 * const head = await trainHead(train, { ...best, validation });
 */
export async function tune(data: EmbeddingSet | ComparedParts, options: TuneOptions): Promise<Tuning> {
  const o = resolveOptions('tune', tuneOptions, options);
  const { signal, onProgress, seed, eta } = o;
  const targets = kindOf(data);
  const metric = o.metric ?? decidingMetric[targets];
  refuseShares('tune', data, options);
  if (metric !== 'worstClassRecall' && !metricKeys(targets).includes(metric))
    throw expected(
      `one of ${metricKeys(targets)
        .filter((name) => leaderboardMetrics.some((one) => one === name))
        .join(', ')}, worstClassRecall for such rows`,
      'tune.metric',
      metric,
    );
  const definition = lookUp(
    strategies as unknown as Readonly<Record<string, StrategyDefinition>>,
    'strategy',
    o.strategy as string,
    'strategies',
  ) as StrategyDefinition;
  const rules: OptionRules = { ...trainRules, ...definition.options };
  const space = o.space ?? declaredSpace(definition.options);
  checkSpace(space, rules);
  if ('epochs' in space && !('epochs' in definition.options))
    throw new EquipoiseError(
      'ERR_OPTION',
      'tune.space.epochs cannot be searched: it is what the rounds differ in. Set tune.epochs',
    );
  const search = o.search ?? (Object.values(space).every((values) => Array.isArray(values)) ? 'grid' : 'random');
  if (search === 'grid' && options.trials !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      'tune.trials cannot be given with a grid, which has as many as there are combinations',
    );
  const points = withDefaults(
    search === 'grid' ? gridOf(space) : drawPoints(space, rules, o.trials, seed),
    space,
    rules,
  );
  const seeds = typeof o.seeds === 'number' ? Array.from({ length: o.seeds }, (_, i) => i) : o.seeds;
  const rounds = roundsOf(points.length, o.epochs, eta);

  const settingsOf = (point: Point): NamedContender['options'] => {
    const own = (wanted: boolean) =>
      Object.fromEntries(Object.entries(point).filter(([name]) => name in definition.options === wanted));
    return { ...own(false), strategy: definition.name, strategyOptions: own(true) };
  };
  const divisions = divisionsOf(seeds, null);
  const partsOf = createDivider(data, { folds: null, test: o.test, validation: o.validation });
  const first = partsOf(divisions[0] as Division);
  if ((first.validation?.labels.length ?? 0) === 0)
    throw new EquipoiseError(
      'ERR_OPTION',
      'Expected validation rows for tune, which chooses by them, but there are none',
    );
  const contenders = points.map((point, trial) => ({ name: `trial ${trial}`, options: settingsOf(point) }));
  checkContenders(contenders, first, { ...o.training, epochs: o.epochs });
  const jobs = laneCount('tune', o.jobs, o.training);
  const { kernels, threads, ...training } = o.training;
  const folder =
    o.out === undefined
      ? undefined
      : await openJobFolder(
          o.out,
          {
            kind: 'tune',
            rows: fingerprint(data),
            ...('embeddings' in data && { test: o.test, validation: o.validation }),
            training,
            epochs: o.epochs,
            eta,
            trials: points.length,
            kernels: kernelsInUse(kernels),
          },
          Object.fromEntries(contenders.map(({ name, options: own }) => [name, own])),
        );

  const trials: Trial[] = points.map((point, trial) => ({
    trial,
    options: point,
    rounds: 0,
    epochs: 0,
    score: { mean: null, sd: null },
    logLoss: null,
    seconds: 0,
  }));
  const better = comparing(metric);
  let alive: readonly number[] = [...points.keys()];
  for (const [round, { epochs, trials: places }] of rounds.entries()) {
    alive = alive.slice(0, places);
    const list = seeds.flatMap((trainSeed, s) =>
      alive.map((trial): TrialJob => {
        const { options: own } = contenders[trial] as NamedContender;
        return {
          key: `trial-${String(trial).padStart(4, '0')}-epochs-${epochs}-seed-${trainSeed}`,
          title: `round ${round + 1} of ${rounds.length}, trial ${trial}, seed ${trainSeed}`,
          division: divisions[s] as Division,
          trial,
          spec: { options: { ...o.training, ...own, epochs, seed: trainSeed }, judgedOn: 'validation' },
        };
      }),
    );
    const { results, failures } = await runJobs(list, {
      jobs,
      partsOf,
      folder,
      threads,
      keepFailure: (error) => error instanceof EquipoiseError && error.code === 'ERR_DATA',
      stage: 'tuning',
      signal,
      onProgress,
    });
    for (const trial of alive) {
      const own = list.filter((job) => job.trial === trial);
      const runs = own.flatMap((job) => results.get(job) ?? []);
      const evaluations = runs.map(({ outcomes, trainCounts }) =>
        evaluateOutcomes([outcomes], { classNames: first.train.classNames, trainCounts }),
      );
      const failure = own.flatMap((job) => failures.get(job)?.message ?? [])[0];
      trials[trial] = {
        ...(trials[trial] as Trial),
        rounds: round + 1,
        epochs,
        score:
          failure === undefined ? spread(evaluations.map((one) => valueOf(one, metric))) : { mean: null, sd: null },
        logLoss: spread(evaluations.map(({ logLoss }) => logLoss)).mean,
        seconds: (trials[trial] as Trial).seconds + runs.reduce((sum, run) => sum + run.seconds, 0),
        ...(failure !== undefined && { failure }),
      };
    }
    alive = [...alive].sort((a, b) => better(trials[a] as Trial, trials[b] as Trial));
  }

  trials.sort((a, b) => b.rounds - a.rounds || better(a, b));
  const [winner] = trials as [Trial];
  if (winner.failure !== undefined)
    throw new EquipoiseError('ERR_DATA', `Every trial of tune failed; the first one: ${winner.failure}`);
  if (winner.score.mean === null)
    throw new EquipoiseError(
      'ERR_DATA',
      `The validation rows have no ${metric} to choose by. Choose by another metric`,
    );
  const tuning: Tuning = {
    formatVersion: TUNING_FORMAT_VERSION,
    strategy: definition.name,
    metric,
    search,
    seeds,
    space,
    rounds,
    trials,
    best: { ...settingsOf(winner.options), epochs: winner.epochs } as Tuning['best'],
    conclusion: conclude(trials, metric),
  };
  await folder?.writeFile('tuning.json', `${JSON.stringify(tuning, null, 1)}\n`);
  return tuning;
}

/** The defaults first, and no point twice. */
function withDefaults(points: readonly Point[], space: Space, rules: OptionRules): Point[] {
  const defaults = Object.fromEntries(
    Object.keys(space).flatMap((name) => (rules[name]?.default == null ? [] : [[name, rules[name].default]])),
  );
  const known = new Map([defaults, ...points].map((point) => [JSON.stringify(point), point]));
  return [...known.values()];
}

/** Sorts the better one first; without a value, last. */
function comparing(metric: LeaderboardMetric): (a: Trial, b: Trial) => number {
  const entry = [...Object.values(metrics), ...Object.values(multiLabelMetrics)].find(
    ({ name }) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()) === metric,
  );
  const sign = entry?.higherIsBetter === false ? 1 : -1;
  const worst = Infinity;
  const key = ({ score }: Trial) => (score.mean === null ? worst : sign * score.mean);
  return (a, b) => {
    if (key(a) !== key(b)) return key(a) < key(b) ? -1 : 1;
    return (a.logLoss ?? worst) - (b.logLoss ?? worst) || a.trial - b.trial;
  };
}

const settings = (point: Point) =>
  Object.entries(point)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

function conclude(trials: readonly Trial[], metric: LeaderboardMetric): string[] {
  const [winner] = trials as [Trial];
  const defaults = trials.find(({ trial }) => trial === 0) as Trial;
  const score = ({ score: { mean } }: Trial) => mean?.toFixed(4) ?? 'none';
  const best = `Best of ${trials.length} on the validation rows, by ${metric}: ${settings(winner.options)} (${score(winner)}).`;
  if (winner === defaults) return [`${best} These are the defaults.`];
  const against =
    defaults.rounds === winner.rounds
      ? `The defaults have ${score(defaults)}.`
      : `The defaults were discarded in round ${defaults.rounds}, after ${defaults.epochs} epochs, with ${score(defaults)}.`;
  return [
    best,
    against,
    'The best of many looks better on the rows that chose it than it is: compare it with the defaults on test rows.',
  ];
}
