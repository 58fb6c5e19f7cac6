/** Strategies × seeds × folds → a leaderboard. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { resolveOptions, type OptionsOf } from '../core/options.js';
import type { TargetKind } from '../core/targets.js';
import { defaultThreads } from '../kernels/index.js';
import { evaluateOutcomes } from '../metric/index.js';
import { plainStrategy, strategiesFor } from '../strategy/index.js';
import { pairedIntervals, type ContenderRows, type JudgedRows } from './bootstrap.js';
import { checkContenders, contendersOf, standardBaselines, type NamedContender } from './contenders.js';
import { fingerprint, kernelsInUse, openJobFolder } from './folder.js';
import type { JobResult } from './job.js';
import { canCross } from './lanes.js';
import {
  conclude,
  decidingMetric,
  leaderboardMetrics,
  LEADERBOARD_FORMAT_VERSION,
  meanGap,
  recallOf,
  sayAgainst,
  spread,
  valueOf,
  type Leaderboard,
  type LeaderboardMetric,
  type LeaderboardRow,
  type SeedResult,
  type Spread,
} from './leaderboard.js';
import { cellsOf, marksOf } from './marks.js';
import { compareOptions, type CompareOptions } from './options.js';
import { createDivider, divisionsOf, kindOf, type ComparedParts, type Division } from './parts.js';
import { runJobs, type Job, type JobOutcomes } from './run-jobs.js';

interface ContenderJob extends Job {
  readonly contender: NamedContender;
}

/**
 * Trains several strategies on the same splits and seeds and says which differences are more than noise.
 *
 * Every strategy sees the same training, validation and test rows under each seed. A whole set is divided anew for each seed, by
 * shares or into folds, stratified, groups kept whole; parts made beforehand stay as they are. Epochs are chosen on validation rows,
 * never on test rows. Trainings run side by side in threads that share the rows; the result does not depend on how many. With `out`,
 * each finished training is kept and not done again.
 *
 * Rows with any number of labels are ranked by macro F1, and compared by what is for them.
 *
 * @returns rows by falling balanced accuracy, each with its spread over seeds and paired bootstrap intervals against the baseline.
 * @throws ERR_OPTION, ERR_DATA, ERR_ABORTED as `trainHead` and `split` do. A training that diverges is no error of the whole: it is
 *   listed in `failures`, unless it is the baseline's.
 *
 * @example
 * const leaderboard = await compare(set, { strategies: ['smote', 'eos'], seeds: 5 });
 * for (const sentence of leaderboard.conclusion) console.log(sentence);
 */
export async function compare(data: EmbeddingSet | ComparedParts, options: CompareOptions = {}): Promise<Leaderboard> {
  const o = resolveOptions('compare', compareOptions, options);
  const { folds = null, signal, onProgress, onHead } = o;
  refuseShares('compare', data, options);
  const targets = kindOf(data);
  const baselines = o.baselines ?? standardBaselines[targets];
  const contenders = contendersOf(o.strategies, baselines, targets);
  const names = contenders.map(({ name }) => name);
  const baseline =
    o.baseline ?? (names.includes(plainStrategy[targets]) ? plainStrategy[targets] : (names[0] as string));
  if (!names.includes(baseline)) throw expected(`one of ${names.join(', ')}`, 'compare.baseline', baseline);
  contenders.sort((a, b) => Number(b.name === baseline) - Number(a.name === baseline));
  const seeds = typeof o.seeds === 'number' ? Array.from({ length: o.seeds }, (_, seed) => seed) : o.seeds;

  const divisions = divisionsOf(seeds, folds);
  const partsOf = createDivider(data, { folds, test: o.test, validation: o.validation });
  const first = partsOf(divisions[0] as Division);
  checkContenders(contenders, first, o.training);
  const jobs = laneCount('compare', o.jobs, {
    options: contenders.map((c) => c.options),
    training: o.training,
    onHead,
  });

  const { kernels, threads, ...training } = o.training;
  const folder =
    o.out === undefined
      ? undefined
      : await openJobFolder(
          o.out,
          {
            kind: 'compare',
            rows: fingerprint(data),
            ...('embeddings' in data && { folds, ...(folds === null && { test: o.test }), validation: o.validation }),
            training,
            kernels: kernelsInUse(kernels),
          },
          Object.fromEntries(contenders.map(({ name, options: own }) => [name, own])),
        );
  const list = seeds.flatMap((seed) =>
    contenders.flatMap((contender) =>
      divisions
        .filter((division) => division.seed === seed)
        .map((division): ContenderJob => jobOf(contender, division, o.training)),
    ),
  );
  const outcomes = await runJobs(list, {
    jobs,
    partsOf,
    folder,
    threads,
    timeBudgetMs: o.timeBudgetMs,
    always: (job) => (job as ContenderJob).contender.name === baseline && job.division.seed === seeds[0],
    keepFailure: (error) => error instanceof EquipoiseError && error.code === 'ERR_DATA',
    onHead: onHead && ((job, head) => onHead((job as ContenderJob).contender.name, job.division.seed, head)),
    stage: 'comparing',
    signal,
    onProgress,
  });
  const leaderboard = await leaderboardOf(list, outcomes, {
    contenders,
    targets,
    baseline,
    seeds,
    divisions,
    partsOf,
    first,
    options: o,
  });
  await folder?.writeFile('leaderboard.json', `${JSON.stringify(leaderboard, null, 1)}\n`);
  return leaderboard;
}

/** Shares and folds say how to divide a whole set: beside parts, or each other, they contradict. */
export function refuseShares(
  owner: string,
  data: EmbeddingSet | ComparedParts,
  given: Pick<CompareOptions, 'test' | 'validation' | 'folds'>,
): void {
  if (!('embeddings' in data) && (given.test ?? given.validation ?? given.folds) !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected no ${owner}.test, validation and folds beside parts made beforehand: those stay as they are. Leave them out, or pass the whole set`,
    );
  if (given.test !== undefined && given.folds !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected either ${owner}.test or ${owner}.folds but received both: folds judge every row once`,
    );
}

/** Trainings at a time. @throws ERR_OPTION where several are asked for and something cannot leave this thread. */
export function laneCount(owner: string, asked: number | undefined, crossing: object): number {
  const crosses = canCross(crossing);
  if (!crosses && asked !== undefined && asked > 1)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected ${owner}.jobs: 1 beside functions (onHead, a loss or sampler of your own): they cannot cross to another thread`,
    );
  return crosses ? (asked ?? defaultThreads()) : 1;
}

function jobOf(
  contender: NamedContender,
  division: Division,
  training: NonNullable<CompareOptions['training']>,
): ContenderJob {
  const { seed, fold } = division;
  return {
    key: `${contender.name}-seed-${seed}${fold === null ? '' : `-fold-${fold}`}`,
    title: `${contender.name}, seed ${seed}${fold === null ? '' : `, fold ${fold}`}`,
    division,
    contender,
    spec: { options: { ...training, ...contender.options, seed }, judgedOn: 'test' },
  };
}

interface Found {
  readonly contenders: readonly NamedContender[];
  readonly targets: TargetKind;
  readonly baseline: string;
  readonly seeds: readonly number[];
  readonly divisions: readonly Division[];
  readonly partsOf: (division: Division) => ComparedParts;
  readonly first: ComparedParts;
  readonly options: OptionsOf<typeof compareOptions>;
}

async function leaderboardOf(
  list: readonly ContenderJob[],
  { results, failures }: JobOutcomes,
  {
    contenders,
    targets,
    baseline,
    seeds,
    divisions,
    partsOf,
    first,
    options: { strategies: asked, folds, replicates, signal },
  }: Found,
): Promise<Leaderboard> {
  const { classNames, classCounts } = first.train;
  /** The trainings of a seed, or undefined where one is missing. */
  const trained = (name: string, seed: number): JobResult[] | undefined => {
    const own = list.filter((job) => job.contender.name === name && job.division.seed === seed);
    const found = own.flatMap((job) => results.get(job) ?? []);
    return found.length === own.length ? found : undefined;
  };
  const failedBaseline = list.find((job) => job.contender.name === baseline && failures.has(job));
  if (failedBaseline) throw failures.get(failedBaseline) as Error;

  const judged: JudgedRows[] = [];
  const judgedSeeds: number[] = [];
  for (const seed of seeds) {
    const runs = trained(baseline, seed);
    if (runs === undefined) continue;
    const tests = divisions.filter((division) => division.seed === seed).map((division) => partsOf(division).test);
    judged.push({ ...cellsOf(tests), marks: marksOf(runs.map(({ outcomes }) => outcomes)) });
    judgedSeeds.push(seed);
  }
  const rivals = contenders.filter(({ name }) => name !== baseline);
  const marks = rivals.map(({ name }): ContenderRows =>
    judgedSeeds.map((seed) => {
      const runs = trained(name, seed);
      return runs && marksOf(runs.map(({ outcomes }) => outcomes));
    }),
  );
  const intervals = await pairedIntervals(judged, marks, classNames.length, {
    replicates,
    seed: seeds[0] as number,
    ...(signal && { signal }),
  });
  const comparisons = intervals.filter((interval) => interval !== null).length;

  const rows = contenders.flatMap(({ name, options: own }): LeaderboardRow[] => {
    const runs = seeds.flatMap((seed) => {
      const found = trained(name, seed);
      return found ? [seedResult(seed, found, classNames)] : [];
    });
    if (runs.length === 0) return [];
    const { strategy } = own;
    const interval = intervals[rivals.findIndex((rival) => rival.name === name)];
    return [
      {
        name,
        strategy: (typeof strategy === 'object' ? strategy.name : strategy) ?? null,
        metrics: Object.fromEntries(
          leaderboardMetrics.map((metric) => [
            metric,
            spread(runs.map(({ evaluation }) => valueOf(evaluation, metric))),
          ]),
        ) as Record<LeaderboardMetric, Spread>,
        recalls: classNames.map((className, c) => ({
          className,
          ...spread(runs.map(({ evaluation }) => recallOf(evaluation, c))),
        })),
        gap: meanGap(runs.map(({ gap }) => gap)),
        seconds: spread(runs.map((run) => run.seconds)),
        ...(interval && {
          againstBaseline: sayAgainst(name, baseline, interval, {
            seeds: runs.filter(({ seed }) => judgedSeeds.includes(seed)).length,
            asked: seeds.length,
            comparisons,
            targets,
          }),
        }),
        seeds: runs,
      },
    ];
  });
  const decided = ({ metrics }: LeaderboardRow) => metrics[decidingMetric[targets]].mean ?? 0;
  rows.sort((a, b) => decided(b) - decided(a));

  const failed = list.flatMap((job) => {
    const error = failures.get(job);
    return error ? [{ name: job.contender.name, seed: job.division.seed, message: error.message }] : [];
  });
  const leftOut = contenders.flatMap(({ name }) => {
    const missing = seeds.filter((seed) =>
      list.some(
        (job) => job.contender.name === name && job.division.seed === seed && !results.has(job) && !failures.has(job),
      ),
    );
    return missing.length > 0 ? [{ name, seeds: missing }] : [];
  });
  const { train, validation, test } = first;
  const notApplicable = asked === 'all' ? strategiesFor(targets).others : [];
  const found = { targets, rows, baseline, seeds, leftOut, notApplicable, failures: failed };
  return {
    formatVersion: LEADERBOARD_FORMAT_VERSION,
    classNames,
    trainCounts: [...classCounts],
    folds: folds ?? null,
    parts: {
      train: train.labels.length,
      validation: validation?.labels.length ?? 0,
      test: test.labels.length,
    },
    ...found,
    conclusion: conclude(found),
  };
}

/** With folds, the rows of all of them are judged as one set: a class that is missing from a fold distorts nothing. */
function seedResult(seed: number, runs: readonly JobResult[], classNames: readonly string[]): SeedResult {
  const [first] = runs as [JobResult];
  return {
    seed,
    evaluation: evaluateOutcomes(
      runs.map(({ outcomes }) => outcomes),
      { classNames, trainCounts: first.trainCounts },
    ),
    seconds: runs.reduce((sum, run) => sum + run.seconds, 0) / runs.length,
    bestEpochs: runs.map(({ bestEpoch }) => bestEpoch),
    gap: meanGap(runs.map(({ gap }) => gap)),
  };
}
