/** How numbers and findings are put into words, the same in every kind of report. */

import type { DecisionFit } from '../decision/index.js';
import { metrics, multiLabelMetrics, type Metric } from '../metric/index.js';
import type { Comparison, RunResult, StrategyResult } from './result.js';

/** `balancedAccuracy` → `balanced accuracy`. */
export function metricName(metric: string): string {
  return metric
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/\bf1\b/, 'F1')
    .replace(/^hamming/, 'Hamming')
    .replace(/\b(roc|pr) auc\b/, (name) => name.toUpperCase().replace(' ', '-'))
    .replace(/^(many|medium|few) shot$/, '$1-shot recall');
}

const dash = '–';

/** Three decimals; a dash where the number is undefined. */
export function score(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? dash : value.toFixed(3);
}

/** Three decimals and always a sign. */
export function change(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return dash;
  const text = Math.abs(value).toFixed(3);
  if (Number(text) === 0) return '0.000';
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** `12,345`. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function seconds(value: number): string {
  if (value < 10) return `${value.toFixed(2)} s`;
  if (value < 600) return `${value.toFixed(1)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

const oneOrMore = (n: number, what: string) => `${count(n)} ${what}${n === 1 ? '' : 's'}`;
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * Says what a comparison shows and no more: an interval that holds zero shows no change.
 *
 * @example
 * describeComparison({ baseline: 'ce', strategy: 'eos', metric: 'balancedAccuracy', higherIsBetter: true,
 *   before: 0.61, after: 0.68, seeds: 1, interval: null });
 * // 'Balanced accuracy went from 0.610 (ce) to 0.680 (eos): +0.070.'
 */
export function describeComparison(comparison: Omit<Comparison, 'sentence'>): string {
  const { baseline, strategy, metric, before, after, seeds, interval, higherIsBetter } = comparison;
  const from = `${capital(metricName(metric))} went from ${score(before)} (${baseline}) to ${score(after)} (${strategy}): ${change(after - before)}`;
  if (interval === null) return `${from}.`;
  const range = `${Math.round(interval.confidence * 100)}% interval ${change(interval.low)} to ${change(interval.high)}, ${oneOrMore(seeds, 'seed')}`;
  const alone = seeds === 1 ? ' One seed: how much another one changes is not in the interval.' : '';
  if (interval.low <= 0 && interval.high >= 0) return `${from}, which may be chance (${range}).${alone}`;
  const better = interval.low > 0 === higherIsBetter;
  return `${from}, ${better ? 'an improvement' : 'a loss'} (${range}).${alone}`;
}

/** `balanced-accuracy` → `balancedAccuracy`. */
export const metricKey = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

type Described = Pick<Metric, 'higherIsBetter' | 'ofProbabilities'>;
const described = (registry: Readonly<Record<string, Described>>) =>
  Object.entries(registry).map(([name, { higherIsBetter, ofProbabilities }]) => ({
    key: metricKey(name),
    higherIsBetter,
    ofProbabilities: ofProbabilities === true,
  }));
const metricsOf = { one: described(metrics), many: described(multiLabelMetrics) };

/** The metrics of the result's evaluations, in the order of their registry. */
export const overallMetrics = ({ dataset }: RunResult) => metricsOf[dataset.targets ?? 'one'];

/** What was fitted, as in "eos with temperature 1.32, thresholds for macro-f1". */
export function decisionWords(fit: DecisionFit | undefined): string {
  if (!fit) return 'nothing';
  const calibrations = fit.calibration.map(({ name, temperature }) =>
    typeof temperature === 'number' ? `${String(name)} ${temperature.toFixed(2)}` : String(name),
  );
  return [...calibrations, ...(fit.decision ? [`${fit.decision.rule} for ${fit.decision.metric}`] : [])].join(', ');
}

/** A metric by its name in an `Evaluation`: mean over the seeds, with the extremes; null where no seed has a value. */
export function overSeeds(
  strategy: StrategyResult,
  metric: string,
): { mean: number; low: number; high: number } | null {
  const values = strategy.evaluations
    .map((evaluation) => (evaluation as unknown as Record<string, unknown>)[metric])
    .filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, low: Math.min(...values), high: Math.max(...values) };
}

export type ClassScore = 'precision' | 'recall' | 'f1' | 'averagePrecision';

/** A score of one class; null for a class without test rows, about which a score says nothing. */
export function classScore(strategy: StrategyResult | null, c: number, of: ClassScore): number | null {
  const scores = strategy?.perClass[c];
  return scores === undefined || scores.support === 0 ? null : (scores[of] ?? null);
}

/** The baseline (null without one), what the run is about, and all strategies in the order in which they are shown. */
export function protagonists(result: RunResult): {
  before: StrategyResult | null;
  after: StrategyResult;
  all: readonly StrategyResult[];
} {
  const { baseline, strategies } = result;
  return { before: baseline, after: strategies[0], all: baseline === null ? strategies : [baseline, ...strategies] };
}

/** Class ids, most training rows first; equal counts keep the order of the class table. */
export function byTrainingCount(result: RunResult): number[] {
  const { train } = result.split;
  return result.dataset.classNames.map((_, c) => c).sort((a, b) => (train[b] ?? 0) - (train[a] ?? 0) || a - b);
}

/** The headline, sentence by sentence. */
export function summary(result: RunResult): string[] {
  const { before, after } = protagonists(result);
  const { classNames, modality } = result.dataset;
  const total = (part: 'train' | 'test') =>
    result.split.rows?.[part] ?? result.split[part].reduce((sum, n) => sum + n, 0);
  const many = result.dataset.targets === 'many';
  const present = result.split.train.filter((n) => n > 0);
  const ratio = present.length > 0 ? Math.max(...present) / Math.min(...present) : 1;
  const items = modality === 'image' ? 'image' : modality === 'text' ? 'text' : 'row';
  const sentences = [
    `${count(classNames.length)} ${classNames.length === 1 ? 'class' : 'classes'}, ${oneOrMore(total('train'), `training ${items}`)}${many ? ' with any number of labels' : ''} (largest class ${ratio.toFixed(ratio < 10 ? 1 : 0)} times the smallest), ${oneOrMore(total('test'), `test ${items}`)}.`,
  ];
  if (result.comparisons.length > 0) sentences.push(...result.comparisons.map(({ sentence }) => sentence));
  else {
    const seeds = after.seeds.length;
    const [first, second] = many
      ? (['macroF1', 'meanAveragePrecision'] as const)
      : (['balancedAccuracy', 'macroF1'] as const);
    sentences.push(
      `${after.strategy} reaches a ${metricName(first)} of ${score(overSeeds(after, first)?.mean)} and a ${metricName(second)} of ${score(overSeeds(after, second)?.mean)} on the test rows${seeds === 1 ? ' (one seed)' : ` (mean of ${seeds} seeds)`}.`,
    );
  }
  if (before !== null) {
    const recallChange = classNames.map(
      (_, c) => (classScore(after, c, 'recall') ?? 0) - (classScore(before, c, 'recall') ?? 0),
    );
    // Half a thousandth: what the tables show as no change is not counted as one.
    const up = recallChange.filter((difference) => difference >= 0.0005).length;
    const down = recallChange.filter((difference) => difference <= -0.0005).length;
    sentences.push(`Recall rose in ${up} of ${classNames.length} classes and fell in ${down}.`);
  }
  if (result.failures.length > 0)
    sentences.push(`${oneOrMore(result.failures.length, 'item')} could not be read and took no part.`);
  return sentences;
}
