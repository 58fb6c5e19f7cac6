/** The pictures of a report, as Vega-Lite specifications made from a result. */

import type { TopLevelSpec } from 'vega-lite';
import type { RunResult, StrategyResult } from './result.js';
import { afterColour, beforeColour, seriesColours, thirdColour } from './svg.js';
import { byTrainingCount, classScore, metricName, protagonists, type ClassScore } from './wording.js';

/** With more classes a picture shows the rarest of them; tables are always complete. */
export const MOST_CLASSES_DRAWN = 30;
/** Above this many classes the cells of a confusion matrix are too small for their counts. */
const MOST_CLASSES_WITH_COUNTS = 14;
const PLOT_WIDTH = 350;
const ROW_HEIGHT = 22;

/** The classes that pictures show: all, or the rarest; most training rows first. */
export function drawnClasses(result: RunResult): number[] {
  return byTrainingCount(result).slice(-MOST_CLASSES_DRAWN);
}

/** Long names keep their two ends, where names of one family differ. */
function shorten(name: string): string {
  const letters = [...name];
  return letters.length <= 22 ? name : `${letters.slice(0, 12).join('')}…${letters.slice(-9).join('')}`;
}

/**
 * An axis of classes. Data name a class by its place on the axis, so that names which look alike stay apart; the labels
 * are looked up. `sort: null` keeps the order of the data: most frequent class first.
 */
function classAxis(field: string, labels: readonly string[]) {
  const labelExpr = `${JSON.stringify(labels)}[datum.value]`;
  return { field, type: 'nominal', sort: null, title: null, axis: { grid: false, labelExpr, labelLimit: 0 } } as const;
}

/** Names with the training rows that explain the scores beside them. */
function namesWithCounts(result: RunResult, drawn: readonly number[]): string[] {
  return drawn.map((c) => `${shorten(result.dataset.classNames[c] ?? '')} · ${result.split.train[c] ?? 0}`);
}

/** Training rows of every class, and what resampling makes of them. */
export function countsPlot(result: RunResult): TopLevelSpec {
  const resampled = protagonists(result).after.resampling?.perClass ?? [];
  const after = new Map(resampled.map((outcome) => [outcome.classId, outcome.after]));
  const drawn = drawnClasses(result);
  const rows = drawn.map((c, place) => ({
    class: place,
    train: result.split.train[c] ?? 0,
    after: after.get(c) ?? result.split.train[c] ?? 0,
  }));
  return {
    width: PLOT_WIDTH,
    height: { step: ROW_HEIGHT },
    data: { values: rows },
    encoding: {
      y: classAxis(
        'class',
        drawn.map((c) => shorten(result.dataset.classNames[c] ?? '')),
      ),
    },
    layer: [
      {
        mark: { type: 'bar', height: { band: 0.72 }, color: afterColour, opacity: 0.22 },
        encoding: { x: { field: 'after', type: 'quantitative', title: 'training rows' } },
      },
      {
        mark: { type: 'bar', height: { band: 0.72 }, color: afterColour },
        encoding: { x: { field: 'train', type: 'quantitative' } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 4 },
        encoding: { x: { field: 'train', type: 'quantitative' }, text: { field: 'train', format: ',' } },
      },
    ],
  };
}

/** A score of every class before (ring) and after (disc), joined by a line. */
export function beforeAfterPlot(result: RunResult, of: ClassScore): TopLevelSpec {
  const { before, after } = protagonists(result);
  const drawn = drawnClasses(result);
  const rows = drawn.map((c, place) => ({
    class: place,
    before: classScore(before, c, of),
    after: classScore(after, c, of),
  }));
  const names = [`before: ${before?.strategy}`, before ? `after: ${after.strategy}` : after.strategy];
  const points = rows.flatMap((row) => [
    ...(before ? [{ class: row.class, who: names[0], value: row.before }] : []),
    { class: row.class, who: names[1], value: row.after },
  ]);
  const domain = before ? names : names.slice(1);
  const title = metricName(of);
  return {
    width: PLOT_WIDTH,
    height: { step: ROW_HEIGHT },
    encoding: { y: classAxis('class', namesWithCounts(result, drawn)) },
    layer: [
      {
        data: { values: rows },
        mark: { type: 'rule', strokeWidth: 2, opacity: 0.45, color: 'currentColor' },
        encoding: {
          x: {
            field: 'before',
            type: 'quantitative',
            title,
            scale: { domain: [0, 1] },
            axis: { values: [0, 0.2, 0.4, 0.6, 0.8, 1], format: '.1f' },
          },
          x2: { field: 'after' },
        },
      },
      {
        data: { values: points },
        mark: { type: 'point', size: 85, strokeWidth: 2.2, opacity: 1 },
        encoding: {
          x: { field: 'value', type: 'quantitative' },
          stroke: {
            field: 'who',
            type: 'nominal',
            title: null,
            scale: { domain, range: before ? [beforeColour, afterColour] : [afterColour] },
          },
          fill: {
            field: 'who',
            type: 'nominal',
            title: null,
            scale: { domain, range: before ? ['transparent', afterColour] : [afterColour] },
          },
        },
      },
    ],
  };
}

/** Where the rows of each class went, over all seeds: shade is the share of the class's rows, text their number; undefined where rows have any number of labels. */
export function confusionPlot(result: RunResult, strategy: StrategyResult, colour: string): TopLevelSpec | undefined {
  const confusions = strategy.evaluations.flatMap((evaluation) =>
    'confusion' in evaluation ? [evaluation.confusion] : [],
  );
  if (confusions.length === 0) return undefined;
  const names = result.dataset.classNames;
  const drawn = drawnClasses(result);
  const others = names.map((_, c) => c).filter((c) => !drawn.includes(c));
  const columns = [...(others.length > 0 ? [others] : []), ...drawn.map((c) => [c])];
  const rowsOf = (truth: number, predicted: readonly number[]) =>
    confusions.reduce((sum, confusion) => predicted.reduce((inner, c) => inner + (confusion[truth]?.[c] ?? 0), sum), 0);
  const cells = drawn.flatMap((c, truth) => {
    const total = rowsOf(c, [...names.keys()]);
    return columns.map((members, predicted) => {
      const rows = rowsOf(c, members);
      return { truth, predicted, rows, share: total > 0 ? rows / total : 0 };
    });
  });
  const truths = drawn.map((c) => shorten(names[c] ?? ''));
  const predictions = [...(others.length > 0 ? [`${others.length} others`] : []), ...truths];

  const roomy = drawn.length <= MOST_CLASSES_WITH_COUNTS;
  const x = classAxis('predicted', predictions);
  const y = classAxis('truth', truths);
  const labelFontSize = roomy ? 12 : 10;
  return {
    width: { step: roomy ? 32 : 13 },
    height: { step: roomy ? 32 : 13 },
    data: { values: cells },
    encoding: {
      x: { ...x, title: 'predicted', axis: { ...x.axis, labelFontSize, orient: 'top', labelAngle: roomy ? -45 : -90 } },
      y: { ...y, title: 'truth', axis: { ...y.axis, labelFontSize } },
    },
    layer: [
      { mark: { type: 'rect', color: 'currentColor', opacity: 0.04 } },
      {
        mark: { type: 'rect', color: colour },
        encoding: {
          opacity: { field: 'share', type: 'quantitative', legend: null, scale: { domain: [0, 1], range: [0, 1] } },
        },
      },
      ...(roomy
        ? [
            {
              transform: [{ filter: 'datum.rows > 0' }],
              mark: { type: 'text' as const },
              encoding: { text: { field: 'rows', type: 'quantitative' as const, format: ',' } },
            },
          ]
        : []),
    ],
  };
}

/** How far test rows reach beyond the training rows, before and after; undefined where it was not measured. */
export function gapPlot(result: RunResult): TopLevelSpec | undefined {
  const { before, after } = protagonists(result);
  const shown = [
    ...(before ? [{ strategy: before, who: `before: ${before.strategy}` }] : []),
    { strategy: after, who: before ? `after: ${after.strategy}` : after.strategy },
  ].filter(({ strategy }) => strategy.generalizationGap !== null);
  if (shown.length === 0) return undefined;
  const drawn = drawnClasses(result);
  const colours = shown.map(({ strategy }) => (strategy === before ? beforeColour : afterColour));
  return {
    width: PLOT_WIDTH,
    height: { step: ROW_HEIGHT, for: 'position' },
    data: {
      values: drawn.flatMap((c, place) =>
        shown.map(({ strategy, who }) => ({
          class: place,
          who,
          gap: strategy.generalizationGap?.perClass[c] ?? null,
        })),
      ),
    },
    mark: { type: 'bar', height: { band: 0.9 } },
    encoding: {
      y: classAxis('class', namesWithCounts(result, drawn)),
      yOffset: { field: 'who', type: 'nominal', sort: null },
      x: { field: 'gap', type: 'quantitative', title: 'generalization gap' },
      color: {
        field: 'who',
        type: 'nominal',
        title: null,
        sort: null,
        scale: { domain: shown.map(({ who }) => who), range: colours },
      },
    },
  };
}

/** Bins of the reliability of an `Evaluation`; those of several seeds are pooled. */
const BINS = 15;

function pooledReliability(evaluations: StrategyResult['evaluations']) {
  const pools = new Map<number, { rows: number; sure: number; right: number }>();
  for (const { rows, probability, share } of evaluations.flatMap((one) =>
    'reliability' in one ? one.reliability : [],
  )) {
    const bin = Math.min(BINS - 1, Math.floor(probability * BINS));
    const pool = pools.get(bin) ?? { rows: 0, sure: 0, right: 0 };
    pools.set(bin, {
      rows: pool.rows + rows,
      sure: pool.sure + rows * probability,
      right: pool.right + rows * share,
    });
  }
  return [...pools.values()].map(({ rows, sure, right }) => ({
    rows,
    confidence: sure / rows,
    accuracy: right / rows,
  }));
}

/** How often predictions are right, by how sure they are; undefined where it was not measured. */
export function reliabilityPlot(result: RunResult): TopLevelSpec | undefined {
  const { before, after } = protagonists(result);
  const shown = [
    ...(before ? [{ who: `before: ${before.strategy}`, evaluations: before.evaluations, colour: beforeColour }] : []),
    ...(after.decision
      ? [{ who: `${after.strategy} as trained`, evaluations: after.decision.undecided, colour: thirdColour }]
      : []),
    {
      who: before ? `after: ${after.strategy}` : after.strategy,
      evaluations: after.evaluations,
      colour: afterColour,
    },
  ];
  const values = shown.flatMap(({ who, evaluations }) =>
    pooledReliability(evaluations).map((bin) => ({ who, ...bin })),
  );
  if (values.length === 0) return undefined;
  const axis = { values: [0, 0.2, 0.4, 0.6, 0.8, 1], format: '.1f' };
  const scale = { domain: [0, 1] };
  return {
    width: PLOT_WIDTH,
    height: 300,
    layer: [
      {
        data: { values: [{ x: 0, y: 0, to: 1 }] },
        mark: { type: 'rule', strokeDash: [4, 4], opacity: 0.5, color: 'currentColor' },
        encoding: {
          x: { field: 'x', type: 'quantitative', scale, axis, title: 'probability of the predicted class' },
          y: { field: 'y', type: 'quantitative', scale, axis, title: 'share that is right' },
          x2: { field: 'to' },
          y2: { field: 'to' },
        },
      },
      {
        data: { values },
        // No lines: they would lead the eye to groups of two or three rows.
        mark: { type: 'circle', opacity: 0.8 },
        encoding: {
          x: { field: 'confidence', type: 'quantitative' },
          y: { field: 'accuracy', type: 'quantitative' },
          size: { field: 'rows', type: 'quantitative', legend: null, scale: { range: [12, 600] } },
          color: {
            field: 'who',
            type: 'nominal',
            title: null,
            legend: { columns: 1, labelLimit: 400 },
            scale: { domain: shown.map(({ who }) => who), range: shown.map(({ colour }) => colour) },
          },
        },
      },
    ],
  };
}

/** Training loss, or the validation metric, by epoch: a line for each strategy and seed; undefined where there is none. */
export function historyPlot(result: RunResult, of: 'loss' | 'validation'): TopLevelSpec | undefined {
  const { after, all } = protagonists(result);
  const values = all.flatMap(({ strategy, history }) =>
    history.flatMap(({ seed, epochs }) =>
      epochs.flatMap((epoch) => {
        const value = epoch[of];
        return typeof value === 'number' ? [{ strategy, run: `${strategy} ${seed}`, epoch: epoch.epoch, value }] : [];
      }),
    ),
  );
  if (values.length === 0) return undefined;
  const named = all.flatMap(({ history }) => history.map(({ validationMetric }) => validationMetric))[0];
  // The run's own strategy keeps the colour it has in the other pictures, the baseline too.
  const order = [...new Set([after, result.baseline, ...all].flatMap((strategy) => strategy?.strategy ?? []))];
  return {
    width: PLOT_WIDTH,
    height: 220,
    data: { values },
    mark: { type: 'line', strokeWidth: 1.8, opacity: 0.85 },
    encoding: {
      x: { field: 'epoch', type: 'quantitative', title: 'epoch', axis: { tickMinStep: 1 } },
      y: {
        field: 'value',
        type: 'quantitative',
        title: of === 'loss' ? 'training loss' : `validation ${named ?? ''}`.trim(),
        scale: { zero: of === 'loss' },
      },
      color: {
        field: 'strategy',
        type: 'nominal',
        title: null,
        scale: { domain: order, range: order.map((_, i) => seriesColours[i % seriesColours.length] as string) },
      },
      detail: { field: 'run' },
    },
  };
}
