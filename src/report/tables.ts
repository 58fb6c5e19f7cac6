/** The tables of a report. */

import type { RunResult, StrategyResult } from './result.js';
import type { Cell, Column, Table } from './table.js';
import {
  byTrainingCount,
  change,
  classScore,
  count,
  decisionWords,
  metricKey,
  metricName,
  overallMetrics,
  overSeeds,
  protagonists,
  score,
  seconds,
  type ClassScore,
} from './wording.js';

/** `+0.120`, coloured by whether it is good news. */
function changed(before: number | null, after: number | null, higherIsBetter = true): Cell {
  if (before === null || after === null) return { text: change(null) };
  const text = change(after - before);
  if (text === '0.000') return { text };
  return { text, tone: after > before === higherIsBetter ? 'better' : 'worse' };
}

/** Every overall metric by every strategy: the mean over seeds, with the extremes where there are several. */
export function strategiesTable(result: RunResult): Table {
  const { before, after, all } = protagonists(result);
  const shown = overallMetrics(result).filter(({ key }) => all.some((strategy) => overSeeds(strategy, key) !== null));
  return {
    columns: [{ title: 'metric' }, ...strategyColumns(result)],
    rows: [
      ...shown.map(({ key, higherIsBetter }) => [
        metricName(key),
        ...all.map((strategy) => {
          const found = overSeeds(strategy, key);
          if (found === null || strategy.seeds.length === 1) return score(found?.mean);
          return { text: score(found.mean), aside: `${score(found.low)}–${score(found.high)}` };
        }),
        ...(before
          ? [changed(overSeeds(before, key)?.mean ?? null, overSeeds(after, key)?.mean ?? null, higherIsBetter)]
          : []),
      ]),
      ['seeds', ...all.map(({ seeds }) => String(seeds.length)), ...(before ? [''] : [])],
      ['time', ...all.map((strategy) => seconds(strategy.seconds)), ...(before ? [''] : [])],
    ],
  };
}

/** A column for each strategy and, with a baseline, one for the change that the first strategy makes. */
function strategyColumns(result: RunResult): Column[] {
  const { before, after, all } = protagonists(result);
  const titles = [
    ...all.map(({ strategy }) => strategy),
    ...(before ? [`${after.strategy} − ${before.strategy}`] : []),
  ];
  return titles.map((title) => ({ title, align: 'right' }));
}

/** One score of every class under every strategy, and how the first strategy changes it: most frequent class first. */
export function scoreTable(result: RunResult, of: ClassScore): Table {
  const { before, after, all } = protagonists(result);
  return {
    columns: [
      { title: 'class' },
      { title: 'train', align: 'right' },
      { title: 'test', align: 'right' },
      ...strategyColumns(result),
    ],
    rows: byTrainingCount(result).map((c) => [
      result.dataset.classNames[c] ?? '',
      count(result.split.train[c] ?? 0),
      count(result.split.test[c] ?? 0),
      ...all.map((strategy) => score(classScore(strategy, c, of))),
      ...(before ? [changed(classScore(before, c, of), classScore(after, c, of))] : []),
    ]),
  };
}

/** Support, precision, recall and F1 of every class (where rows have any number of labels average precision, too), before and after: most frequent class first. */
export function classTable(result: RunResult): Table {
  const { before, after } = protagonists(result);
  const scores: readonly ClassScore[] = [
    'precision',
    'recall',
    'f1',
    ...(result.dataset.targets === 'many' ? (['averagePrecision'] as const) : []),
  ];
  const title = { precision: 'precision', recall: 'recall', f1: 'F1', averagePrecision: 'average precision' };
  return {
    columns: [
      { title: 'class' },
      { title: 'train', align: 'right' },
      { title: 'test', align: 'right' },
      ...scores.flatMap((of) =>
        before
          ? [
              { title: `${title[of]} before`, align: 'right' as const },
              { title: 'after', align: 'right' as const },
              { title: 'change', align: 'right' as const },
            ]
          : [{ title: title[of], align: 'right' as const }],
      ),
    ],
    rows: byTrainingCount(result).map((c) => [
      result.dataset.classNames[c] ?? '',
      count(result.split.train[c] ?? 0),
      count(result.split.test[c] ?? 0),
      ...scores.flatMap((of) => {
        const now = classScore(after, c, of);
        if (before === null) return [score(now)];
        const was = classScore(before, c, of);
        return [score(was), score(now), changed(was, now)];
      }),
    ]),
  };
}

/** What resampling did to every class, fallbacks in words; undefined where the first strategy does not resample. */
export function resamplingTable(result: RunResult): Table | undefined {
  const resampling = protagonists(result).after.resampling;
  if (!resampling) return undefined;
  const { perClass } = resampling;
  const restricted = perClass.some(({ eligibleBases }) => eligibleBases !== undefined);
  const neighbours = perClass.some(({ kNeighbors }) => kNeighbors !== undefined);
  const order = new Map(byTrainingCount(result).map((c, rank) => [c, rank]));
  return {
    columns: [
      { title: 'class' },
      { title: 'before', align: 'right' },
      { title: 'after', align: 'right' },
      ...(restricted ? [{ title: 'rows that may be a base', align: 'right' as const }] : []),
      ...(neighbours ? [{ title: 'neighbours used', align: 'right' as const }] : []),
      { title: 'fallback' },
    ],
    rows: [...perClass]
      .sort((a, b) => (order.get(a.classId) ?? 0) - (order.get(b.classId) ?? 0))
      .map((outcome) => [
        outcome.name,
        count(outcome.before),
        count(outcome.after),
        ...(restricted ? [outcome.eligibleBases === undefined ? '' : count(outcome.eligibleBases)] : []),
        ...(neighbours ? [outcome.kNeighbors === undefined ? '' : count(outcome.kNeighbors)] : []),
        outcome.fallback ?? '',
      ]),
  };
}

/** A few synthetic rows and what they were made of; undefined without any. */
export function syntheticTable({ synthetic = [] }: RunResult): Table | undefined {
  if (synthetic.length === 0) return undefined;
  return {
    columns: [{ title: 'class' }, { title: 'made of' }, { title: 'step', align: 'right' }, { title: 'towards' }],
    rows: synthetic.map(({ label, base, other, step }) => [
      label,
      base.text ?? base.source,
      step === null ? '–' : step.toFixed(2),
      `${other.label}: ${other.text ?? other.source}`,
    ]),
  };
}

/** What calibration and decision rule made of every strategy's test rows; undefined where nothing was fitted. */
export function calibrationTable(result: RunResult): Table | undefined {
  const { all } = protagonists(result);
  if (all.every(({ decision }) => decision === undefined)) return undefined;
  const tuned = all.flatMap(({ decision }) => decision?.fits[0]?.decision?.metric ?? [])[0];
  const shown = overallMetrics(result).filter(
    ({ key, ofProbabilities }) => ofProbabilities || key === (tuned && metricKey(tuned)) || key === 'balancedAccuracy',
  );
  const line = (name: string, strategy: StrategyResult) => [
    name,
    ...shown.map(({ key }) => score(overSeeds(strategy, key)?.mean)),
  ];
  return {
    columns: [{ title: 'strategy' }, ...shown.map(({ key }) => ({ title: metricName(key), align: 'right' as const }))],
    rows: all.flatMap((strategy) => {
      const { decision, strategy: name } = strategy;
      if (!decision) return [line(name, strategy)];
      return [
        line(`${name} as trained`, { ...strategy, evaluations: decision.undecided }),
        line(`${name} with ${decisionWords(decision.fits[0])}`, strategy),
      ];
    }),
  };
}

export function stepsTable(result: RunResult): Table {
  return {
    columns: [{ title: 'step' }, { title: 'time', align: 'right' }, { title: 'what was done' }],
    rows: result.steps.map(({ name, seconds: taken, detail }) => [name, seconds(taken), detail ?? '']),
  };
}

export function exportTable(result: RunResult): Table {
  return {
    columns: [
      { title: 'file' },
      { title: 'bytes', align: 'right' },
      { title: 'rows checked', align: 'right' },
      { title: 'largest difference of a logit', align: 'right' },
      { title: 'allowed', align: 'right' },
    ],
    rows: result.exported.map((model) => [
      model.file,
      count(model.bytes),
      count(model.rowsChecked),
      model.largestDifference.toExponential(1),
      model.tolerance.toExponential(1),
    ]),
  };
}

export function failuresTable(result: RunResult): Table {
  return {
    columns: [{ title: 'item' }, { title: 'where' }, { title: 'reason' }],
    rows: result.failures.map(({ id, source, reason }) => [id, source, reason]),
  };
}
