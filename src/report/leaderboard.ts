/** A leaderboard as tables, pictures, a page and Markdown. */

import type { TopLevelSpec } from 'vega-lite';
import {
  decidingMetric,
  decidingWords,
  type Leaderboard,
  type LeaderboardMetric,
  type LeaderboardRow,
  type Spread,
  type Tuning,
} from '../compare/index.js';
import { metrics, multiLabelMetrics } from '../metric/index.js';
import { html } from './markup.js';
import { plain, table as markdownTable } from './markdown.js';
import { figure, head, note, section, table } from './page.js';
import { afterColour, beforeColour } from './svg.js';
import type { Cell, Table } from './table.js';
import { change, count, metricKey, metricName, score } from './wording.js';

const right = (title: string) => ({ title, align: 'right' as const });

/** Short enough for a table with all of them side by side. */
const titles: Partial<Record<LeaderboardMetric, string>> = {
  balancedAccuracy: 'balanced accuracy',
  geometricMeanClass: 'G-mean (class)',
  geometricMeanMacro: 'G-mean (macro)',
  worstClassRecall: 'worst class',
  manyShot: 'many',
  mediumShot: 'medium',
  fewShot: 'few',
  expectedCalibrationError: 'ECE',
};

const spreadCell = ({ mean, sd }: Spread): string | Cell =>
  mean === null ? score(null) : sd === null ? score(mean) : { text: score(mean), aside: `± ${sd.toFixed(3)}` };

const nameOf = ({ name, seeds }: LeaderboardRow, { seeds: asked }: Leaderboard): string | Cell =>
  seeds.length === asked.length ? name : { text: name, aside: `${seeds.length} of ${asked.length} seeds` };

/** Those metrics that some contender has a value of, the one that decides first. */
const shownMetrics = ({ rows, targets }: Leaderboard): LeaderboardMetric[] => {
  const first = decidingMetric[targets];
  const others = (Object.keys(rows[0]?.metrics ?? {}) as LeaderboardMetric[]).filter((metric) => metric !== first);
  return [first, ...others].filter((metric) => rows.some((row) => row.metrics[metric].mean !== null));
};

/** Every contender, the best first, with its difference to the baseline; `only` some metrics where there is little room. */
export function leaderboardTable(
  leaderboard: Leaderboard,
  only: readonly LeaderboardMetric[] = shownMetrics(leaderboard),
): Table {
  const { rows, baseline } = leaderboard;
  const shown = shownMetrics(leaderboard).filter((metric) => only.includes(metric));
  return {
    columns: [
      { title: 'strategy' },
      ...shown.map((metric) => right(titles[metric] ?? metricName(metric))),
      right('gap'),
      right('seconds'),
      right(`against ${baseline}`),
    ],
    rows: rows.map((row) => {
      const { againstBaseline: against } = row;
      const tone = against && (against.verdict === 'no clear difference' ? undefined : against.verdict);
      return [
        nameOf(row, leaderboard),
        ...shown.map((metric) => spreadCell(row.metrics[metric])),
        row.gap?.after.mean == null ? score(null) : row.gap.after.mean.toFixed(2),
        row.seconds.mean === null ? score(null) : row.seconds.mean.toFixed(2),
        against
          ? {
              text: change(against.difference),
              aside: `${change(against.simultaneous.low)} to ${change(against.simultaneous.high)}`,
              ...(tone && { tone }),
            }
          : '',
      ];
    }),
  };
}

/** Most training rows first. */
const byTrainCount = ({ trainCounts }: Leaderboard): number[] =>
  [...trainCounts.keys()].sort((a, b) => (trainCounts[b] as number) - (trainCounts[a] as number) || a - b);

/** Recall of every class under the best contenders and the baseline, in the leaderboard's order. */
export function recallTable(leaderboard: Leaderboard, best = 8): Table {
  const { classNames, trainCounts, baseline } = leaderboard;
  const rows = leaderboard.rows.filter(({ name }, place) => place < best || name === baseline);
  return {
    columns: [{ title: 'class' }, right('train'), ...rows.map(({ name }) => right(name))],
    rows: byTrainCount(leaderboard).map((c) => [
      classNames[c] as string,
      count(trainCounts[c] as number),
      ...rows.map(({ recalls }) => score(recalls[c]?.mean)),
    ]),
  };
}

/** Contenders whose rows differ from the original ones. */
const changesGap = ({ gap }: LeaderboardRow): boolean =>
  gap !== null && gap.before.perClass.some((value, c) => value !== gap.after.perClass[c]);

/**
 * Generalization gap of every class before any row was added and after what each contender added, and the same with equal
 * sample sizes; undefined where nobody adds rows.
 */
export function gapTable(leaderboard: Leaderboard, equalCounts = false): Table | undefined {
  const changing = leaderboard.rows.filter(changesGap);
  const [first] = changing;
  if (first === undefined) return undefined;
  const of = ({ gap }: LeaderboardRow) => (equalCounts ? gap?.equalCounts : gap);
  const cell = (value: number | null | undefined) => (value == null ? score(null) : value.toFixed(2));
  const line = (
    name: string,
    rows: string,
    value: (gaps: { perClass: readonly (number | null)[]; mean: number | null }) => number | null | undefined,
  ) => [
    name,
    rows,
    cell(value((of(first) as NonNullable<LeaderboardRow['gap']>).before)),
    ...changing.map((row) => cell(value((of(row) as NonNullable<LeaderboardRow['gap']>).after))),
  ];
  return {
    columns: [{ title: 'class' }, right('train'), right('before'), ...changing.map(({ name }) => right(name))],
    rows: [
      ...byTrainCount(leaderboard).map((c) =>
        line(
          leaderboard.classNames[c] as string,
          count(leaderboard.trainCounts[c] as number),
          ({ perClass }) => perClass[c],
        ),
      ),
      line('mean', '', ({ mean }) => mean),
    ],
  };
}

const ROW_HEIGHT = 22;
const verdictColours = { better: '#009e73', worse: beforeColour, 'no clear difference': '#7f8792' } as const;

/** Difference to the baseline with its interval, a line a contender; undefined where nothing is compared. */
export function intervalPlot({ rows, baseline, targets }: Leaderboard): TopLevelSpec | undefined {
  const values = rows.flatMap(({ name, againstBaseline: against }) =>
    against
      ? [{ name, difference: against.difference, ...against.simultaneous, verdict: against.verdict as string }]
      : [],
  );
  if (values.length === 0) return undefined;
  const verdicts = Object.keys(verdictColours).filter((verdict) => values.some((value) => value.verdict === verdict));
  const color = {
    field: 'verdict',
    type: 'nominal',
    title: null,
    scale: {
      domain: verdicts,
      range: verdicts.map((verdict) => verdictColours[verdict as keyof typeof verdictColours]),
    },
  } as const;
  const y = { field: 'name', type: 'nominal', sort: null, title: null, axis: { grid: false, labelLimit: 0 } } as const;
  const title = `${decidingWords[targets]}, difference to ${baseline}`;
  return {
    width: 520,
    height: { step: ROW_HEIGHT },
    data: { values },
    layer: [
      {
        data: { values: [{ zero: 0 }] },
        mark: { type: 'rule', strokeDash: [4, 3], color: 'currentColor', opacity: 0.6 },
        encoding: { x: { field: 'zero', type: 'quantitative' } },
      },
      {
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: { y, x: { field: 'low', type: 'quantitative', title }, x2: { field: 'high' }, color },
      },
      {
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: { y, x: { field: 'difference', type: 'quantitative' }, color },
      },
    ],
  };
}

/** With more classes the picture shows the rarest of them. */
const MOST_CLASSES_DRAWN = 30;

/** Generalization gap of each class before and after the best contender that adds rows; undefined without one. */
export function leaderboardGapPlot(leaderboard: Leaderboard): TopLevelSpec | undefined {
  const row = leaderboard.rows.find(changesGap);
  if (!row?.gap) return undefined;
  const { before, after } = row.gap;
  const drawn = byTrainCount(leaderboard).slice(-MOST_CLASSES_DRAWN);
  const who = ['before', `after: ${row.name}`];
  const name = (c: number) => `${leaderboard.classNames[c]} · ${leaderboard.trainCounts[c]}`;
  const color = {
    field: 'who',
    type: 'nominal',
    title: null,
    scale: { domain: who, range: [beforeColour, afterColour] },
  } as const;
  const y = { field: 'class', type: 'nominal', sort: null, title: null, axis: { grid: false, labelLimit: 0 } } as const;
  return {
    width: 520,
    height: { step: ROW_HEIGHT },
    layer: [
      {
        data: { values: drawn.map((c) => ({ class: name(c), before: before.perClass[c], after: after.perClass[c] })) },
        mark: { type: 'rule', strokeWidth: 2, opacity: 0.45, color: 'currentColor' },
        encoding: {
          y,
          x: { field: 'before', type: 'quantitative', title: 'generalization gap' },
          x2: { field: 'after' },
        },
      },
      {
        data: {
          values: drawn.flatMap((c) => [
            { class: name(c), who: who[0], gap: before.perClass[c] },
            { class: name(c), who: who[1], gap: after.perClass[c] },
          ]),
        },
        mark: { type: 'point', filled: true, size: 80, opacity: 1 },
        encoding: { y, x: { field: 'gap', type: 'quantitative' }, color },
      },
    ],
  };
}

/** How it was done, in a sentence. */
export function describeLeaderboard({ parts, seeds, folds, baseline, rows }: Leaderboard): string {
  const rowsOf =
    folds === null
      ? `${count(parts.train)} training, ${count(parts.validation)} validation and ${count(parts.test)} test rows`
      : `${folds} folds of about ${count(parts.test)} rows, ${count(parts.train)} to train on and ${count(parts.validation)} to choose the epoch by`;
  return `${rows.length} strategies, ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}; ${rowsOf}; ${seeds.length > 1 ? 'mean ± standard deviation over the seeds; ' : ''}held against ${baseline}.`;
}

const directions = { one: metrics, many: multiLabelMetrics };

/** How to read the numbers. */
const legendOf = ({ targets }: Leaderboard): string => {
  const lowerIsBetter = Object.entries(directions[targets])
    .filter(([, { higherIsBetter }]) => !higherIsBetter)
    .map(([name]) => titles[metricKey(name) as LeaderboardMetric] ?? metricName(metricKey(name)));
  return `Smaller is better for ${lowerIsBetter.join(', ')} and the gap: how far test rows reach beyond the training rows, summed over dimensions; it changes only where rows are added. Many, medium and few: mean recall of classes with more than 100, 20 to 100 and fewer than 20 training rows.`;
};

/** Writes a leaderboard as one HTML page that opens from disk. */
export async function renderLeaderboardHtml(
  leaderboard: Leaderboard,
  title = 'Comparison of strategies',
): Promise<string> {
  const gaps = gapTable(leaderboard);
  const equal = gapTable(leaderboard, true);
  const intervals = await figure(
    intervalPlot(leaderboard),
    `Difference of mean ${decidingWords[leaderboard.targets]} to ${leaderboard.baseline}, with intervals that hold together.`,
  );
  const gapPicture = await figure(
    leaderboardGapPlot(leaderboard),
    'How far test rows of each class reach beyond its training rows, before and after rows were added; beside its name its training rows.',
  );
  const page = html`<!doctype html>
    <html lang="en">
      ${head(title)}
      <body>
        <main>
          <h1>${title}</h1>
          <p class="about">${describeLeaderboard(leaderboard)}</p>
          ${leaderboard.conclusion.map((sentence) => html`<p class="finding">${sentence}</p>`)}
          ${intervals && section('Differences', intervals)}
          ${section('Leaderboard', table(leaderboardTable(leaderboard)), note(legendOf(leaderboard)))}
          ${section('Recall of each class', table(recallTable(leaderboard)))}
          ${
            gaps &&
            equal &&
            section(
              'Generalization gap',
              gapPicture,
              table(gaps),
              note(
                'Below: with as many test rows of a class as it has training rows, where it has more, for the box of few rows is narrow by construction.',
              ),
              table(equal),
            )
          }
        </main>
      </body>
    </html> `;
  return page.source;
}

/** Writes a leaderboard as Markdown, for documents and pull requests. */
export function renderLeaderboardMarkdown(leaderboard: Leaderboard, title = 'Comparison of strategies'): string {
  const gaps = gapTable(leaderboard);
  const parts = [
    `# ${plain(title)}`,
    plain(describeLeaderboard(leaderboard)),
    leaderboard.conclusion.map((sentence) => `- ${plain(sentence)}`).join('\n'),
    markdownTable(leaderboardTable(leaderboard)),
    plain(legendOf(leaderboard)),
    '## Recall of each class',
    markdownTable(recallTable(leaderboard)),
    ...(gaps ? ['## Generalization gap', markdownTable(gaps)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Every trial of a search, the best first. */
export function tuningTable({ trials, metric }: Tuning): Table {
  const names = [...new Set(trials.flatMap(({ options }) => Object.keys(options)))];
  return {
    columns: [
      right('trial'),
      ...names.map(right),
      right('rounds'),
      right('epochs'),
      right(titles[metric] ?? metricName(metric)),
      right('seconds'),
    ],
    rows: trials.map((trial) => [
      trial.trial === 0 ? { text: '0', aside: 'defaults' } : String(trial.trial),
      ...names.map((name) => {
        const value = trial.options[name];
        return value === undefined ? score(null) : typeof value === 'string' ? value : JSON.stringify(value);
      }),
      String(trial.rounds),
      String(trial.epochs),
      trial.failure === undefined ? spreadCell(trial.score) : 'failed',
      trial.seconds.toFixed(2),
    ]),
  };
}
