/** A run as Markdown, for documents and pull requests. */

import type { RunResult } from './result.js';
import { cellText, type Table } from './table.js';
import {
  calibrationTable,
  classTable,
  exportTable,
  failuresTable,
  resamplingTable,
  stepsTable,
  strategiesTable,
  syntheticTable,
} from './tables.js';
import { summary } from './wording.js';

/** Keeps a name from being read as Markdown or HTML. */
export const plain = (text: string) =>
  text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]<>|#~&]/g, (mark) => (mark === '<' ? '&lt;' : mark === '&' ? '&amp;' : `\\${mark}`));

/** A table in Markdown; what the cells say is not read as markup. */
export function table({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => plain(title))),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row) => line(row.map((cell) => plain(cellText(cell))))),
  ].join('\n');
}

/** Writes the findings of a run as Markdown: headline, strategies, classes, resampling, steps, files, failures. */
export function renderMarkdown(result: RunResult): string {
  const resampling = resamplingTable(result);
  const synthetic = syntheticTable(result);
  const calibration = calibrationTable(result);
  const sections: readonly (readonly [string, string] | false)[] = [
    [`# ${plain(result.dataset.name)}`, summary(result).map(plain).join('\n')],
    ['## Strategies', table(strategiesTable(result))],
    ['## Classes', table(classTable(result))],
    calibration !== undefined && ['## Calibration', table(calibration)],
    resampling !== undefined && ['## Resampling', table(resampling)],
    synthetic !== undefined && ['## Synthetic rows', table(synthetic)],
    ['## Steps', table(stepsTable(result))],
    result.exported.length > 0 && ['## Exported', table(exportTable(result))],
    result.dataset.notes.length > 0 && ['## Notes', result.dataset.notes.map((note) => `- ${plain(note)}`).join('\n')],
    result.failures.length > 0 && ['## Failures', table(failuresTable(result))],
  ];
  return `${sections.flatMap((section) => (section ? section : [])).join('\n\n')}\n`;
}
