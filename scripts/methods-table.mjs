// Writes docs/methods.md from the registries: what there is, where it comes from, its options.
//
// usage: node scripts/methods-table.mjs [--check]     --check writes nothing and exits 1 when the file is not up to date

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as equipoise from '../dist/src/index.js';

const path = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'methods.md');

const sections = [
  [
    'Strategies',
    'strategies',
    'What `equipoise run --strategy` and `trainHead(train, { strategy })` take; the last ones are for rows with any number of labels. Adding one: `src/strategy/<name>.ts` and a line in `src/strategy/index.ts`.',
  ],
  [
    'Samplers',
    'samplers',
    'What `equipoise resample --sampler` and `createSampler(name)` take. Each returns a plan: three numbers a synthetic row, or the row itself where no such recipe makes it. Several work one after the other as `--sampler tomek-links,smote` and `pipeline([createSampler(…), …])`: one plan, whose rows name their parents all the same.',
  ],
  ['Label rules of mixed rows', 'mixes', 'How much of the label of a mixed row is its base’s.'],
  ['Pairings of mixed rows', 'pairings', '`trainHead(train, { mix, pairing })`: which row another is mixed with.'],
  ['Losses', 'losses', '`trainHead(train, { loss })`.'],
  ['Heads', 'heads', '`trainHead(train, { head })`.'],
  ['Batch samplers', 'batchSamplers', '`trainHead(train, { batchSampler })`.'],
  ['Optimizers', 'optimizers', '`trainHead(train, { optimizer })`.'],
  ['Schedules', 'schedules', '`trainHead(train, { schedule })`.'],
  ['Metrics', 'metrics', 'All are in every evaluation, under their names in camelCase.'],
  [
    'Metrics of rows with any number of labels',
    'multiLabelMetrics',
    'All are in every evaluation of such rows, under their names in camelCase; beside them precision, recall, F1, specificity and average precision of each class.',
  ],
  [
    'Calibrations',
    'calibrations',
    '`equipoise train --calibration`, `equipoise calibrate` and `calibrate(head, validation, { calibration })`: how logits become logits whose softmax can be believed. Several are fitted one after the other.',
  ],
  [
    'Decision rules',
    'decisionRules',
    '`--decision METRIC --decision-rule NAME` and `calibrate(head, validation, { decision, decisionRule })`: what is added to the logits before the largest names the class.',
  ],
  ['Augmenters', 'augmenters', '`equipoise embed --augment NAME:COPIES`.'],
  ['Dataset formats', 'datasetFormats', 'Found by looking at the path; `--format` names one.'],
];

const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');

function optionList(options = {}) {
  const rows = Object.entries(options).map(([name, rule]) => {
    const byDefault = rule.default === undefined ? '' : ` (default \`${JSON.stringify(rule.default)}\`)`;
    return `  - \`${name}\`: ${rule.accepts}${byDefault}. ${rule.help}`;
  });
  return rows.length > 0 ? `\n${rows.join('\n')}` : '';
}

const text = [
  '# Methods',
  '',
  'Made from the registries by `node scripts/methods-table.mjs`; a test holds it up to date.',
  ...sections.flatMap(([title, name, intro]) => {
    const entries = Object.entries(equipoise[name]);
    const hasWhen = entries.some(([, entry]) => entry.when);
    const titles = ['name', 'what it does', ...(hasWhen ? ['when to use it'] : []), 'source'];
    const table = [
      `| ${titles.join(' | ')} |`,
      `|${'---|'.repeat(titles.length)}`,
      ...entries.map(([key, { summary, when, paper }]) => {
        const cells = [`\`${key}\``, summary, ...(hasWhen ? [when] : []), paper ?? ''];
        return `| ${cells.map(cell).join(' | ')} |`;
      }),
    ];
    const options = entries
      .filter(([, entry]) => Object.keys(entry.options ?? {}).length > 0)
      .map(([key, entry]) => `- **${key}**${optionList(entry.options)}`);
    return [
      '',
      `## ${title}`,
      '',
      intro,
      '',
      ...table,
      ...(options.length > 0 ? ['', 'Options:', '', ...options] : []),
    ];
  }),
  '',
].join('\n');

if (!process.argv.includes('--check')) writeFileSync(path, text);
else if (readFileSync(path, 'utf8') !== text) {
  process.stderr.write('docs/methods.md is not up to date: run "node scripts/methods-table.mjs"\n');
  process.exit(1);
}
