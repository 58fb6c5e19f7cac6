/** Trains baselines and strategy on the same split with the same seeds, and judges each on the test part. */

import type { EmbeddingSet, TrainingSet } from '../core/embedding-set.js';
import { dense, matrix } from '../core/matrix.js';
import { applyScaler } from '../head/index.js';
import { evaluate, generalizationGap, type Evaluation } from '../metric/index.js';
import type { ClassScores } from '../metric/index.js';
import { describeComparison, type Comparison, type StrategyResult } from '../report/index.js';
import { createSampler } from '../sampler/index.js';
import { trainHead } from '../strategy/index.js';
import type { TrainedHead } from '../train/index.js';
import type { RunConfig } from './config.js';
import type { Parts, RunContext } from './run.js';
import type { Stopwatch } from './stopwatch.js';

export interface Judged {
  /** The strategy's head of the first seed: the one that is exported. */
  readonly head: TrainedHead;
  readonly baseline: StrategyResult | null;
  /** The strategy first, then the other baselines. */
  readonly strategies: readonly [StrategyResult, ...StrategyResult[]];
  readonly comparisons: readonly Comparison[];
}

/** Metrics that "before" and "after" are compared by, most telling first. */
const comparedMetrics = ['balancedAccuracy', 'macroF1', 'geometricMeanMacro', 'accuracy'] as const;

export async function compareStrategies(parts: Parts, config: RunConfig, isTable: boolean, watch: Stopwatch, context: RunContext): Promise<Judged> {
  const wanted = config.strategy ?? 'eos';
  const [first = wanted] = config.baselines;
  const names = [...new Set([...config.baselines, wanted])];
  const results = new Map<string, { result: StrategyResult; head: TrainedHead }>();
  for (const name of names) {
    const options = name === wanted ? config.strategyOptions : {};
    const judged = await watch.time(`train ${name}`, () => judgeStrategy(name, options, parts, config, isTable, context), ({ result }) => `${result.seeds.length} seed${result.seeds.length === 1 ? '' : 's'}`);
    results.set(name, judged);
  }
  const of = (name: string) => results.get(name) as { result: StrategyResult; head: TrainedHead };
  const baseline = first === wanted ? null : of(first).result;
  const strategies: Judged['strategies'] = [of(wanted).result, ...names.filter((name) => name !== wanted && name !== first).map((name) => of(name).result)];
  return {
    head: of(wanted).head,
    baseline,
    strategies,
    comparisons: baseline ? comparedMetrics.map((metric) => compareMetric(metric, baseline, strategies[0])) : [],
  };
}

async function judgeStrategy(name: string, strategyOptions: object, parts: Parts, config: RunConfig, isTable: boolean, context: RunContext): Promise<{ result: StrategyResult; head: TrainedHead }> {
  const { train, validation, test } = parts;
  const start = performance.now();
  const seeds = Array.from({ length: config.seeds }, (_, i) => config.seed + i);
  const heads: TrainedHead[] = [];
  const evaluations: Evaluation[] = [];
  for (const seed of seeds) {
    const head = await trainHead(train, {
      strategy: name,
      strategyOptions,
      epochs: config.epochs,
      batchSize: config.batchSize,
      learningRate: config.learningRate,
      standardize: config.standardize === 'auto' ? isTable : config.standardize === 'yes',
      seed,
      ...(validation.labels.length > 0 && { validation }),
      ...(config.threads !== undefined && { threads: config.threads }),
      ...(context.signal && { signal: context.signal }),
      ...(context.onProgress && { onProgress: context.onProgress }),
    });
    heads.push(head);
    evaluations.push(await evaluate(head, test, { trainCounts: train.classCounts }));
  }
  const head = heads[0] as TrainedHead;
  const gap = await gapOf(head, train, test);
  return {
    head,
    result: {
      strategy: name,
      settings: head.settings,
      seeds,
      evaluations,
      perClass: meanPerClass(evaluations),
      history: heads.map(({ bestEpoch, history }, i) => ({
        seed: seeds[i] as number,
        bestEpoch,
        validationMetric: 'balanced accuracy',
        epochs: history.map(({ epoch, loss, learningRate, validation: scores }) => ({ epoch, loss, learningRate, ...(scores && { validation: scores.balancedAccuracy }) })),
      })),
      resampling: head.plan ? { sampler: head.plan.sampler, options: head.plan.options, perClass: head.plan.perClass } : null,
      generalizationGap: gap,
      seconds: (performance.now() - start) / 1000,
    },
  };
}

/** Of the rows the head was trained on, synthetic ones included, in the space it sees. */
async function gapOf(head: TrainedHead, train: TrainingSet, test: EmbeddingSet): Promise<StrategyResult['generalizationGap']> {
  const seen = <S extends EmbeddingSet>(set: S): S => {
    if (head.scaler === undefined) return set;
    const rows = dense(set.embeddings);
    const scaled = new Float32Array(rows.data.length);
    applyScaler(head.scaler, rows, scaled);
    return { ...set, embeddings: matrix(scaled, rows.rows, rows.cols) };
  };
  const rows = seen(train);
  const trained = head.plan ? await createSampler(head.plan.sampler, head.plan.options).fitResample(rows) : rows;
  const { perClass, mean } = generalizationGap(trained, seen(test));
  return { perClass, mean };
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function meanPerClass(evaluations: readonly Evaluation[]): ClassScores[] {
  const [first] = evaluations;
  return (first?.perClass ?? []).map(({ name, support }, c) => {
    const over = (key: 'precision' | 'recall' | 'f1' | 'specificity') => average(evaluations.map((evaluation) => evaluation.perClass[c]?.[key] ?? 0));
    return { name, support, precision: over('precision'), recall: over('recall'), f1: over('f1'), specificity: over('specificity') };
  });
}

function compareMetric(metric: (typeof comparedMetrics)[number], baseline: StrategyResult, strategy: StrategyResult): Comparison {
  const before = average(baseline.evaluations.map((evaluation) => evaluation[metric]));
  const after = average(strategy.evaluations.map((evaluation) => evaluation[metric]));
  const comparison = { baseline: baseline.strategy, strategy: strategy.strategy, metric, higherIsBetter: true, before, after, seeds: strategy.seeds.length, interval: null };
  return { ...comparison, sentence: describeComparison(comparison) };
}
