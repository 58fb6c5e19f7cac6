/** Trains baselines and strategy on one split with the same seeds, judges them on its test part, and says what may be said. */

import {
  compare,
  confidence,
  decidingMetric,
  planBehind,
  type Leaderboard,
  type LeaderboardMetric,
  type LeaderboardRow,
} from '../compare/index.js';
import type { ResamplingPlan } from '../core/plan.js';
import { evaluateAny, type AnyEvaluation } from '../metric/index.js';
import { describeComparison, type Comparison, type StrategyResult } from '../report/index.js';
import type { TrainedHead } from '../train/index.js';
import { withoutDecision, wantsDecision, type DecisionFit } from '../decision/index.js';
import { decisionOf, type ChosenConfig } from './config.js';
import type { Parts } from './parts.js';
import type { RunContext } from './run.js';
import type { Stopwatch } from './stopwatch.js';

export interface Judged {
  /** The strategy's head of the first seed: the one that is exported. */
  readonly head: TrainedHead;
  readonly baseline: StrategyResult | null;
  /** What that head was trained on, where rows were resampled. */
  readonly plan: ResamplingPlan | null;
  /** The strategy first, then the other baselines. */
  readonly strategies: readonly [StrategyResult, ...StrategyResult[]];
  readonly comparisons: readonly Comparison[];
}

/** What "before" and "after" are compared by, most telling first. */
const comparedMetrics = {
  one: ['balancedAccuracy', 'macroF1', 'geometricMeanMacro', 'accuracy'],
  many: ['macroF1', 'meanAveragePrecision', 'microF1', 'balancedAccuracy'],
} as const;

export async function judgeStrategies(
  parts: Parts,
  config: ChosenConfig,
  isTable: boolean,
  watch: Stopwatch,
  context: RunContext,
): Promise<Judged> {
  const { train, validation, test } = parts;
  const wanted = config.strategy;
  const names = [...new Set([...config.baselines, wanted])];
  const before = names[0] as string;
  const heads = new Map(names.map((name) => [name, [] as TrainedHead[]]));
  const decision = decisionOf(config);
  const leaderboard = await compare(
    { train, validation, test },
    {
      strategies: names.map((name) => ({
        name,
        strategy: name,
        strategyOptions: name === wanted ? config.strategyOptions : {},
      })),
      baselines: [],
      baseline: before,
      seeds: Array.from({ length: config.seeds }, (_, i) => config.seed + i),
      training: {
        epochs: config.epochs,
        batchSize: config.batchSize,
        learningRate: config.learningRate,
        standardize: config.standardize === 'auto' ? isTable : config.standardize === 'yes',
        ...decision,
        ...(config.threads !== undefined && { threads: config.threads }),
      },
      onHead: (name, _, head) => heads.get(name)?.push(head),
      ...(context.signal && { signal: context.signal }),
      ...(context.onProgress && { onProgress: context.onProgress }),
    },
  );
  const results = new Map<string, StrategyResult>();
  for (const name of names) {
    const row = leaderboard.rows.find((candidate) => candidate.name === name) as LeaderboardRow;
    const trained = heads.get(name) as [TrainedHead, ...TrainedHead[]];
    // The same heads, as training left them.
    const undecided = wantsDecision(decision)
      ? await Promise.all(
          trained.map((head) => evaluateAny(withoutDecision(head), test, { trainCounts: train.classCounts })),
        )
      : undefined;
    const result = resultOf(row, trained, undecided);
    watch.add(`train ${name}`, result.seconds, `${result.seeds.length} seed${result.seeds.length === 1 ? '' : 's'}`);
    results.set(name, result);
  }
  const of = (name: string) => results.get(name) as StrategyResult;
  const others = names.filter((name) => name !== wanted && name !== before);
  return {
    head: heads.get(wanted)?.[0] as TrainedHead,
    plan: await planBehind((heads.get(wanted) as TrainedHead[])[0] as TrainedHead, train),
    baseline: before === wanted ? null : of(before),
    strategies: [of(wanted), ...others.map(of)],
    comparisons:
      before === wanted
        ? []
        : comparedMetrics[leaderboard.targets].map((metric) =>
            comparisonOf(metric, of(before), of(wanted), leaderboard),
          ),
  };
}

function resultOf(
  { name, seeds }: LeaderboardRow,
  heads: readonly [TrainedHead, ...TrainedHead[]],
  undecided: readonly AnyEvaluation[] | undefined,
): StrategyResult {
  const [head] = heads;
  const evaluations = seeds.map(({ evaluation }) => evaluation);
  return {
    strategy: name,
    settings: head.settings,
    seeds: seeds.map(({ seed }) => seed),
    evaluations,
    perClass: meanPerClass(evaluations),
    ...(undecided && { decision: { undecided, fits: heads.map(({ decision }) => decision?.fit as DecisionFit) } }),
    history: heads.map(({ bestEpoch, history }, i) => ({
      seed: seeds[i]?.seed as number,
      bestEpoch,
      validationMetric: 'balancedAccuracy',
      epochs: history.map(({ epoch, loss, learningRate, validation }) => ({
        epoch,
        loss,
        learningRate,
        ...(validation && { validation: validation.balancedAccuracy }),
      })),
    })),
    resampling: head.plan
      ? { sampler: head.plan.sampler, options: head.plan.options, perClass: head.plan.perClass }
      : null,
    generalizationGap: seeds[0]?.gap?.after ?? null,
    seconds: seeds.reduce((sum, run) => sum + run.seconds, 0),
  };
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function meanPerClass(evaluations: readonly AnyEvaluation[]): StrategyResult['perClass'] {
  return (evaluations[0]?.perClass ?? []).map(({ name, support }, c) => {
    const over = (key: 'precision' | 'recall' | 'f1' | 'specificity') =>
      average(evaluations.map((evaluation) => evaluation.perClass[c]?.[key] ?? 0));
    const precisions = evaluations.flatMap(({ perClass }) => {
      const scores = perClass[c];
      return scores && 'averagePrecision' in scores && scores.averagePrecision !== null
        ? [scores.averagePrecision]
        : [];
    });
    return {
      name,
      support,
      precision: over('precision'),
      recall: over('recall'),
      f1: over('f1'),
      specificity: over('specificity'),
      ...(precisions.length > 0 && { averagePrecision: average(precisions) }),
    };
  });
}

function comparisonOf(
  metric: LeaderboardMetric,
  before: StrategyResult,
  after: StrategyResult,
  leaderboard: Leaderboard,
): Comparison {
  const row = (name: string) => leaderboard.rows.find((one) => one.name === name);
  const mean = ({ strategy }: StrategyResult) => row(strategy)?.metrics[metric].mean ?? 0;
  const against = row(after.strategy)?.againstBaseline;
  const comparison = {
    baseline: before.strategy,
    strategy: after.strategy,
    metric,
    higherIsBetter: true,
    before: mean(before),
    after: mean(after),
    seeds: after.seeds.length,
    // The other metrics have no interval: one honest test is enough, four invite choosing.
    interval:
      metric === decidingMetric[leaderboard.targets] && against
        ? {
            low: against.low,
            high: against.high,
            confidence,
            method: 'paired bootstrap over test rows and seeds, percentile',
          }
        : null,
  };
  return { ...comparison, sentence: describeComparison(comparison) };
}
