// Runs the tool on real data sets and writes what came out, whatever it is, to docs/results.md.
//
// usage: EQUIPOISE_DATA=DIR EQUIPOISE_MODELS=DIR node scripts/results.mjs [name …]
//   DIR hold the data sets and backbones named below (docs/results.md says where they come from).

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { EQUIPOISE_DATA: data, EQUIPOISE_MODELS: models } = process.env;
if (!data || !models) {
  process.stderr.write('usage: EQUIPOISE_DATA=DIR EQUIPOISE_MODELS=DIR node scripts/results.mjs [name …]\n');
  process.exit(2);
}

const compared = '--baselines ce,class-weights,random-over-sampling,smote --seeds 5';
const runs = [
  ['demo', 'demo'],
  ['flowers-lt, tiny-image', `run $EQUIPOISE_DATA/flowers-lt ${compared}`],
  [
    'flowers-lt, squeezenet1.1',
    `run $EQUIPOISE_DATA/flowers-lt --backbone $EQUIPOISE_MODELS/squeezenet1.1 ${compared}`,
  ],
  ['fashion-mnist-lt, tiny-image', `run $EQUIPOISE_DATA/fashion-mnist-lt ${compared}`],
  ['trec6, potion-base-2M', `run $EQUIPOISE_DATA/text/trec6 --backbone $EQUIPOISE_MODELS/potion-base-2M ${compared}`],
  ['creditcard-all-frauds', `run $EQUIPOISE_DATA/tabular/creditcard-all-frauds.csv ${compared}`],
  ['mammography', `run $EQUIPOISE_DATA/tabular/mammography.csv ${compared}`],
  ['yeast5', `run $EQUIPOISE_DATA/tabular/yeast5.dat ${compared}`],
];
const wanted = process.argv.slice(2);

const store = join(root, 'docs', 'results.json');
const results = existsSync(store) ? JSON.parse(readFileSync(store, 'utf8')) : {};
for (const [name, command] of runs) {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
  const out = join(mkdtempSync(join(tmpdir(), 'equipoise-results-')), 'run');
  const args = command.replaceAll('$EQUIPOISE_DATA', data).replaceAll('$EQUIPOISE_MODELS', models).split(' ');
  const start = performance.now();
  const run = spawnSync(process.execPath, [join(root, 'dist/src/cli/main.js'), ...args, '--out', out, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) {
    process.stderr.write(`${name}: exit code ${run.status}\n${run.stderr}`);
    process.exit(1);
  }
  const seconds = (performance.now() - start) / 1000;
  results[name] = { command: `equipoise ${command}`, seconds, ...shortened(JSON.parse(run.stdout)) };
  rmSync(dirname(out), { recursive: true });
  process.stderr.write(`${name}: ${seconds.toFixed(1)} s\n`);
}
writeFileSync(store, `${JSON.stringify(results, null, 1)}\n`);
writeFileSync(join(root, 'docs', 'results.md'), page());

function shortened({ dataset, split, steps, baseline, strategies, comparisons, exported }) {
  const all = [baseline, ...strategies].map(({ strategy, evaluations, seconds }) => ({
    strategy,
    seconds,
    ...Object.fromEntries(
      ['balancedAccuracy', 'macroF1', 'geometricMeanMacro', 'fewShot'].map((metric) => [
        metric,
        evaluations.map((evaluation) => evaluation[metric]),
      ]),
    ),
  }));
  return { classes: dataset.classNames.length, split, steps, strategies: all, comparison: comparisons[0], exported };
}

function page() {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = (values) => {
    if (values.some((value) => value === null)) return '';
    const m = mean(values);
    const sd =
      values.length > 1 ? Math.sqrt(values.reduce((sum, value) => sum + (value - m) ** 2, 0) / (values.length - 1)) : 0;
    return `${m.toFixed(3)} ± ${sd.toFixed(3)}`;
  };
  const total = (counts) => counts.reduce((sum, count) => sum + count, 0);
  const sections = runs
    .filter(([name]) => results[name])
    .flatMap(([name]) => {
      const { command, classes, split, steps, strategies, comparison, exported, seconds } = results[name];
      const ratio = Math.max(...split.train) / Math.min(...split.train);
      const seeds = strategies[0].balancedAccuracy.length;
      return [
        `## ${name}`,
        '',
        '```sh',
        command,
        '```',
        '',
        `${classes} classes; ${total(split.train)} training rows (${ratio.toFixed(0)}:1), ${total(split.validation)} for validation, ${total(split.test)} for the test. Mean ± standard deviation over ${seeds} seeds, on one split.`,
        '',
        '| strategy | balanced accuracy | macro F1 | G-mean (macro) | few-shot recall | seconds to train |',
        '|---|---|---|---|---|---|',
        ...strategies.map(
          (row) =>
            `| \`${row.strategy}\` | ${spread(row.balancedAccuracy)} | ${spread(row.macroF1)} | ${spread(row.geometricMeanMacro)} | ${spread(row.fewShot)} | ${(row.seconds / seeds).toFixed(2)} |`,
        ),
        '',
        comparison.sentence,
        '',
        `Steps: ${steps.map((step) => `${step.name} ${step.seconds.toFixed(2)} s`).join(' · ')}; the whole command ${seconds.toFixed(1)} s. Export: ${exported.map(({ file, largestDifference }) => `${file} agrees to ${largestDifference.toExponential(1)}`).join(', ')}.`,
        '',
      ];
    });
  return [
    '# Results on real data',
    '',
    `Made by \`node scripts/results.mjs\` on ${cpus().length} cores (${cpus()[0]?.model.trim()}), node ${process.version}. Figures are what they are: where a method does not help, the table says so. "Before" is \`ce\`, plain cross-entropy.`,
    '',
    'The data sets are Fashion-MNIST (MIT) cut to 100:1, TensorFlow’s flower photographs (CC BY 2.0) cut to 360/180/90/45/22, TREC question classification, credit-card fraud (ULB, all 492 frauds among 5,706 rows), mammography (OpenML) and KEEL’s yeast5; the backbones are the built-in `tiny-image`, SqueezeNet 1.1 and potion-base-2M. The demo draws its own images.',
    '',
    ...sections,
  ].join('\n');
}
