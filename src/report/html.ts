/** One self-contained page: everything a run found, readable from disk, without a network or a script. */

import { html, type Markup } from './markup.js';
import { details, figure, head, note, section, table } from './page.js';
import {
  beforeAfterPlot,
  confusionPlot,
  countsPlot,
  drawnClasses,
  gapPlot,
  historyPlot,
  MOST_CLASSES_DRAWN,
  reliabilityPlot,
} from './plots.js';
import type { ParentItem, RunResult } from './result.js';
import { afterColour, beforeColour } from './svg.js';
import type { Table } from './table.js';
import {
  calibrationTable,
  classTable,
  exportTable,
  failuresTable,
  resamplingTable,
  stepsTable,
  strategiesTable,
} from './tables.js';
import { change, count, metricName, overSeeds, protagonists, score, seconds, summary } from './wording.js';

const tiles = {
  one: ['balancedAccuracy', 'macroF1', 'fewShot', 'accuracy'],
  many: ['macroF1', 'microF1', 'meanAveragePrecision', 'fewShot'],
};

/** The overall numbers in large print, before → after. */
function headline(result: RunResult): Markup {
  const { before, after } = protagonists(result);
  const tile = (metric: string) => {
    const now = overSeeds(after, metric);
    if (now === null) return false;
    const was = before && overSeeds(before, metric);
    const difference = was === null ? undefined : change(now.mean - was.mean);
    const tone = was === null || difference === '0.000' ? '' : now.mean > was.mean ? 'better' : 'worse';
    return html`<div class="tile">
      <div class="name">${metricName(metric)}</div>
      <div class="value">
        ${was !== null && html`<span class="was">${score(was.mean)}</span> <span class="arrow">→</span> `}${score(now.mean)}
      </div>
      <div class="change ${tone}">${difference}</div>
    </div>`;
  };
  return html`<div class="tiles">${tiles[result.dataset.targets ?? 'one'].map(tile)}</div>`;
}

/** A settings value as a reader would type it. */
const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function settingsTable(settings: Readonly<Record<string, unknown>>): Table {
  return {
    columns: [{ title: 'setting' }, { title: 'value' }],
    rows: Object.entries(settings).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, shown(value) ?? '']],
    ),
  };
}

function classes(result: RunResult, recall: Markup, counts: Markup): Markup {
  const seeds = protagonists(result).after.seeds.length;
  return section(
    'Classes',
    html`<div class="pair">${recall}${counts}</div>`,
    table(classTable(result)),
    note(`Scores on the test rows${seeds > 1 ? `, mean of ${seeds} seeds` : ''}. A dash: no such number.`),
  );
}

function strategies(result: RunResult): Markup {
  const several = protagonists(result).all.some(({ seeds }) => seeds.length > 1);
  const methods = [...new Set(result.comparisons.flatMap(({ interval }) => interval?.method ?? []))];
  return section(
    'Strategies',
    table(strategiesTable(result)),
    several && note('Below each mean the lowest and the highest seed.'),
    methods.length > 0 && note(`Intervals of differences: ${methods.join('; ')}.`),
  );
}

function resampling(result: RunResult): Markup | false {
  const outcomes = resamplingTable(result);
  const made = protagonists(result).after.resampling;
  if (outcomes === undefined || !made) return false;
  return section(`Resampling: ${made.sampler}`, table(outcomes), details('Options', settingsTable(made.options)));
}

function parent({ id, source, label, image, text }: ParentItem): Markup {
  return html`<div class="parent">
    ${image?.startsWith('data:image/') && html`<img src="${image}" alt="${source}" />`}
    <div>
      ${label}${text !== undefined && html`<span class="excerpt">${text}</span>`}
      <span class="aside" title="${source}">${id}</span>
    </div>
  </div>`;
}

/** Whether probabilities can be believed, and what calibration and decision rule made of them. */
function calibration(result: RunResult, reliability: Markup | false): Markup | false {
  const fitted = calibrationTable(result);
  const gains = protagonists(result).all.flatMap(({ strategy, decision }) =>
    (decision?.fits ?? [])
      .slice(0, 1)
      .flatMap(({ decision: tuned }) => (tuned ? [`${strategy}: ${tuned.crossValidated.sentence}`] : [])),
  );
  if (!reliability && !fitted) return false;
  return section(
    'Calibration',
    reliability,
    fitted && table(fitted),
    fitted && note('On the test rows, mean of the seeds; what was fitted is named for the first one.'),
    gains.map(note),
  );
}

/** A few synthetic rows, each between the two things that it was made of. */
function synthetic({ synthetic: examples = [] }: RunResult): Markup | false {
  if (examples.length === 0) return false;
  return section(
    'Synthetic rows and their parents',
    html`<div class="made">
      ${examples.map(
        ({ label, base, other, step }) =>
          html`<div class="row">
            <div class="label">${label}</div>
            ${parent(base)}
            <div class="way">
              ${
                step === null
                  ? 'and'
                  : html`<div class="line"><span style="left: ${(100 * step).toFixed(1)}%"></span></div>
                      ${step.toFixed(2)}`
              }
            </div>
            ${parent(other)}
          </div>`,
      )}
    </div>`,
    note(
      'Some of the rows that were added to the rarest classes. Each lies on the way from the embedding of the thing on the left, whose class it has, to that of the one on the right, as far along as the dot.',
    ),
  );
}

function settings(result: RunResult): Markup {
  return section(
    'Settings',
    details('The run', settingsTable(result.config)),
    protagonists(result).all.map(({ strategy, settings: used }) => details(strategy, settingsTable(used))),
  );
}

/** The pictures of the page, in the order in which they stand. */
async function pictures(result: RunResult) {
  const { before, after } = protagonists(result);
  const seeds = after.seeds.length;
  const pooled = seeds > 1 ? ` Counts are summed over ${seeds} seeds.` : '';
  const means = [before, after].map((strategy) => strategy?.generalizationGap?.mean?.toFixed(2) ?? '–');
  const meanGap = before ? ` Mean ${means[0]} before, ${means[1]} after, synthetic rows included.` : '';
  return {
    recall: await figure(beforeAfterPlot(result, 'recall'), 'Recall of each class; beside its name its training rows.'),
    counts: await figure(
      countsPlot(result),
      after.resampling
        ? 'Training rows of each class (dark, with their number) and after resampling (light).'
        : 'Training rows of each class.',
    ),
    confusionBefore:
      before && (await figure(confusionPlot(result, before, beforeColour), `Before: ${before.strategy}.${pooled}`)),
    confusionAfter: await figure(
      confusionPlot(result, after, afterColour),
      `${before ? 'After: ' : ''}${after.strategy}.${pooled}`,
    ),
    f1: await figure(beforeAfterPlot(result, 'f1'), 'F1 of each class.'),
    gap: await figure(
      gapPlot(result),
      `How far test rows reach beyond the range of the training rows, summed over dimensions; smaller is better.${meanGap}`,
    ),
    reliability: await figure(
      reliabilityPlot(result),
      'How often predictions of the test rows are right, by how sure they are, in steps of a fifteenth; a larger disc stands for more rows. On the dashed line probabilities mean what they say; below it they promise too much.',
    ),
    loss: await figure(historyPlot(result, 'loss'), 'Training loss by epoch, a line for each seed.'),
    validation: await figure(historyPlot(result, 'validation'), 'Validation by epoch, a line for each seed.'),
  };
}

/**
 * Writes the report of a run as one HTML page that opens from disk: no network, no script, no font from elsewhere.
 * Names and messages of the data are escaped.
 */
export async function renderHtml(result: RunResult): Promise<string> {
  const { before, after } = protagonists(result);
  const { dataset, backbone } = result;
  const drawn = await pictures(result);
  const total = result.steps.reduce((sum, step) => sum + step.seconds, 0);
  const about = [
    before ? `${after.strategy} against ${before.strategy}` : after.strategy,
    backbone === null ? 'columns as they are' : `backbone ${backbone.id} (${backbone.dim} dimensions)`,
    result.created.slice(0, 10),
    `equipoise ${result.equipoise}`,
  ];
  const page = html`<!doctype html>
    <html lang="en">
      ${head(dataset.name)}
      <body>
        <main>
          <h1>${dataset.name}</h1>
          <p class="about">${about.join(' · ')}</p>
          ${summary(result).map((sentence, at) => html`<p class="${at === 0 ? 'lead' : 'finding'}">${sentence}</p>`)}
          ${headline(result)}
          ${
            drawnClasses(result).length < dataset.classNames.length &&
            note(
              `Pictures show the ${MOST_CLASSES_DRAWN} rarest of ${count(dataset.classNames.length)} classes; tables show all.`,
            )
          }
          ${classes(result, drawn.recall, drawn.counts)} ${strategies(result)}
          ${
            drawn.confusionAfter &&
            section(
              'Confusions',
              html`<div class="pair">${drawn.confusionBefore}${drawn.confusionAfter}</div>`,
              note('A row is a true class, most frequent first; shade is the share of its test rows.'),
            )
          }
          ${section(
            drawn.gap ? 'F1 and generalization gap' : 'F1',
            html`<div class="pair">${drawn.f1}${drawn.gap}</div>`,
          )}
          ${calibration(result, drawn.reliability)} ${resampling(result)} ${synthetic(result)}
          ${
            (drawn.loss || drawn.validation) &&
            section('Training', html`<div class="pair">${drawn.loss}${drawn.validation}</div>`)
          }
          ${section('Steps', table(stepsTable(result)), note(`${seconds(total)} in all.`))}
          ${result.exported.length > 0 && section('Exported', table(exportTable(result)))}
          ${dataset.notes.length > 0 && section('Notes', dataset.notes.map(note))}
          ${
            result.failures.length > 0 &&
            section('Failures', table(failuresTable(result)), note('These items could not be read and took no part.'))
          }
          ${settings(result)}
        </main>
      </body>
    </html> `;
  return page.source;
}
