// Runs the tool on real data sets and writes what came out, whatever it is, to docs/results.md and README.md.
//
// usage: EQUIPOISE_DATA=DIR EQUIPOISE_MODELS=DIR node scripts/results.mjs [name …] [--seeds 5] [--strategies all]
//            [--minutes 25] [--cache DIR]
//   DIR hold the data sets and backbones named below (docs/results.md says where they come from). Names choose among the
//   runs and leaderboards; the others stay as they are in docs/results.json. Finished trainings are kept in the cache, so a
//   stopped script goes on where it was. The first seed of every leaderboard comes first, then an estimate of the rest; no
//   training is started later than --minutes after the start, and what was left out is said.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeLeaderboard, gapTable, leaderboardTable, markdownTable } from '../dist/src/index.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { EQUIPOISE_DATA: data, EQUIPOISE_MODELS: models } = process.env;
if (!data || !models) {
  process.stderr.write('usage: EQUIPOISE_DATA=DIR EQUIPOISE_MODELS=DIR node scripts/results.mjs [name …] [options]\n');
  process.exit(2);
}
const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '5' },
    strategies: { type: 'string', default: 'all' },
    minutes: { type: 'string', default: '25' },
    cache: { type: 'string', default: join(tmpdir(), 'equipoise-results') },
  },
});
const deadline = performance.now() + 60_000 * Number(options.minutes);

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

/** The paper's network for tables. */
const tableHead = '{"name":"mlp","hidden":[16,24,20,24],"dropout":[0,0.5,0,0]}';
const resampled = (sampler) => ({ name: sampler, loss: 'cross-entropy', sampler });
const metaBalance = JSON.stringify([
  'metabalance',
  {
    name: 'metabalance-paper',
    strategy: 'metabalance',
    strategyOptions: { innerSampler: 'random-under-sampling', outerSampler: 'all-knn', leak: 0.01 },
  },
  'smote',
  ...['borderline-smote', 'svm-smote', 'adasyn', 'random-under-sampling', 'all-knn', 'smote-enn'].map(resampled),
]);

/** `make` leaves a store at `STORE`; `with` are the options of the comparison. Data that bring test rows keep them. */
const boards = [
  {
    name: 'fashion-mnist-lt, tiny-image: leaderboard',
    make: 'run $EQUIPOISE_DATA/fashion-mnist-lt --strategy ce --epochs 1 --out RUN',
    store: 'RUN/store',
    with: ['--split', 'default'],
    readme: true,
  },
  {
    name: 'flowers-lt, squeezenet1.1: leaderboard',
    make: 'run $EQUIPOISE_DATA/flowers-lt --backbone $EQUIPOISE_MODELS/squeezenet1.1 --strategy ce --epochs 1 --out RUN',
    store: 'RUN/store',
    with: ['--split', 'default'],
  },
  {
    name: 'trec6, potion-base-2M: leaderboard',
    make: 'run $EQUIPOISE_DATA/text/trec6 --backbone $EQUIPOISE_MODELS/potion-base-2M --strategy ce --epochs 1 --out RUN',
    store: 'RUN/store',
    with: ['--split', 'default'],
  },
  {
    name: 'creditcard-all-frauds: leaderboard',
    make: 'embed $EQUIPOISE_DATA/tabular/creditcard-all-frauds.csv --out STORE',
    store: 'STORE',
    with: [],
  },
  {
    name: 'creditcard-all-frauds: MetaBalance',
    make: 'embed $EQUIPOISE_DATA/tabular/creditcard-all-frauds.csv --out STORE',
    store: 'STORE',
    with: ['--head', tableHead, '--epochs', '60'],
    strategies: metaBalance,
    about:
      'MetaBalance beside the re-sampling baselines, all with the network of its paper for tables (16, 24, 20 and 24 hidden units, half of the second layer dropped out). `metabalance-paper` is the pair of samplers that the paper recommends for this set: random under-sampling inside, AllKNN outside, a hundredth of the inner loss.',
  },
];

const chosen = (name) => wanted.length === 0 || wanted.some((word) => name.includes(word));
const file = join(root, 'docs', 'results.json');
const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const save = () => writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);

/** @returns what the command prints with --json, and how long it took. */
function equipoise(args) {
  const start = performance.now();
  const place = (arg) => arg.replaceAll('$EQUIPOISE_DATA', data).replaceAll('$EQUIPOISE_MODELS', models);
  const run = spawnSync(process.execPath, [join(root, 'dist/src/cli/main.js'), ...args.map(place), '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const failed = run.status !== 0 && (args[0] !== 'compare' || !run.stdout.includes('"result"'));
  if (failed) {
    process.stderr.write(`equipoise ${args.join(' ')}: exit code ${run.status}\n${run.stderr}`);
    process.exit(1);
  }
  const printed = JSON.parse(run.stdout);
  return { result: printed.result ?? printed, seconds: (performance.now() - start) / 1000 };
}

for (const [name, command] of runs) {
  if (!chosen(name)) continue;
  const out = join(mkdtempSync(join(tmpdir(), 'equipoise-results-')), 'run');
  const { result, seconds } = equipoise([...command.split(' '), '--out', out]);
  results[name] = { command: `equipoise ${command}`, seconds, ...shortened(result) };
  rmSync(dirname(out), { recursive: true });
  process.stderr.write(`${name}: ${seconds.toFixed(1)} s\n`);
  save();
}

const pending = boards.filter(({ name }) => chosen(name));
let estimate = 0;
for (const board of pending) {
  const { rows } = compareOn(board, 1).result;
  const seconds = rows.reduce((sum, row) => sum + (row.seconds.mean ?? 0), 0);
  estimate += (seconds * (Number(options.seeds) - 1)) / cpus().length;
}
if (pending.length > 0)
  process.stderr.write(
    `first seeds done; the other ${Number(options.seeds) - 1} take about ${(estimate / 60).toFixed(1)} minutes\n`,
  );
for (const board of pending) {
  const { result, seconds } = compareOn(board, Number(options.seeds));
  results[board.name] = { commands: commandsOf(board), leaderboard: slim(result) };
  process.stderr.write(`${board.name}: ${seconds.toFixed(1)} s\n`);
  save();
}
writeFileSync(join(root, 'docs', 'results.md'), page());
writeReadme();

/** The folder of a board in the cache, and what it is compared with. */
function compareOn({ name, make, store, with: extra, strategies = options.strategies }, seeds) {
  const dir = join(options.cache, name.replace(/\W+/g, '-'));
  mkdirSync(dir, { recursive: true });
  const inCache = (text) => text.replace(/\b(RUN|STORE)\b/, (word) => join(dir, word.toLowerCase()));
  const made = join(dir, 'made');
  if (!existsSync(made)) {
    equipoise(make.split(' ').map(inCache));
    writeFileSync(made, '');
  }
  const minutes = Math.max(0.001, (deadline - performance.now()) / 60_000);
  const flags = ['--strategies', strategies, '--seeds', String(seeds), ...extra];
  const folder = ['--out', join(dir, 'compared'), '--time-budget', String(minutes)];
  return equipoise(['compare', inCache(store), ...flags, ...folder]);
}

function commandsOf({ make, store, with: extra, strategies = options.strategies }) {
  const quoted = (word) => (/[[{]/.test(word) ? `'${word}'` : word);
  const flags = ['--strategies', strategies, '--seeds', options.seeds, ...extra].map(quoted);
  const named = (text) => text.replace(/\bRUN\b/, 'run').replace(/\bSTORE\b/, 'store');
  return [`equipoise ${named(make)}`, `equipoise compare ${named(store)} ${flags.join(' ')}`];
}

/** Without what was found for each seed: enough for the tables, small enough for the repository. */
function slim(leaderboard) {
  const rows = leaderboard.rows.map((row) => ({
    ...row,
    recalls: [],
    seeds: row.seeds.map(({ seed }) => ({ seed })),
  }));
  return { ...leaderboard, rows };
}

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

function runSection(name) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = (values) => {
    if (values.some((value) => value === null)) return '';
    const m = mean(values);
    const sd =
      values.length > 1 ? Math.sqrt(values.reduce((sum, value) => sum + (value - m) ** 2, 0) / (values.length - 1)) : 0;
    return `${m.toFixed(3)} ± ${sd.toFixed(3)}`;
  };
  const total = (counts) => counts.reduce((sum, count) => sum + count, 0);
  const { command, classes, split, steps, strategies, comparison, exported, seconds } = results[name];
  const ratio = Math.max(...split.train) / Math.min(...split.train);
  const seeds = strategies[0].balancedAccuracy.length;
  return [
    `### ${name}`,
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
    `Steps: ${steps.map((step) => `${step.name} ${step.seconds.toFixed(2)} s`).join(' · ')}; the whole command ${seconds.toFixed(1)} s. Export: ${exported.map(({ file: name_, largestDifference }) => `${name_} agrees to ${largestDifference.toExponential(1)}`).join(', ')}.`,
    '',
  ];
}

function boardSection({ name, about }) {
  const { commands, leaderboard } = results[name];
  const gaps = gapTable(leaderboard);
  return [
    `### ${name}`,
    '',
    '```sh',
    ...commands,
    '```',
    '',
    ...(about ? [about, ''] : []),
    describeLeaderboard(leaderboard),
    '',
    markdownTable(leaderboardTable(leaderboard)),
    '',
    ...leaderboard.conclusion.map((sentence) => `- ${sentence}`),
    '',
    ...(gaps
      ? [
          'Generalization gap a class, for the rows as they are and for those that a method trains on:',
          '',
          markdownTable(gaps),
          '',
        ]
      : []),
  ];
}

function page() {
  const ran = runs.filter(([name]) => results[name]);
  const judged = boards.filter(({ name }) => results[name]);
  return [
    '# Results on real data',
    '',
    `Made by \`node scripts/results.mjs\` on ${cpus().length} cores (${cpus()[0]?.model.trim()}), node ${process.version}. Figures are what they are: where a method does not help, the table says so.`,
    '',
    'The data sets are Fashion-MNIST (MIT) cut to 100:1, TensorFlow’s flower photographs (CC BY 2.0) cut to 360/180/90/45/22, TREC question classification, credit-card fraud (ULB, all 492 frauds among 5,706 rows), mammography (OpenML) and KEEL’s yeast5; the backbones are the built-in `tiny-image`, SqueezeNet 1.1 and potion-base-2M. The demo draws its own images.',
    '',
    ...(judged.length > 0
      ? [
          '## Leaderboards',
          '',
          'In brackets the standard deviation over the seeds. The last column is the difference of balanced accuracy to plain cross-entropy (`ce`), in brackets an interval; the intervals of one table hold together. Smaller is better for ECE, log loss and the generalization gap. Where the data bring test rows, all seeds share one split and the same test rows; the credit-card set is divided anew for each seed.',
          '',
          ...judged.flatMap(boardSection),
        ]
      : []),
    '## Runs',
    '',
    'One strategy from data to an ONNX file, beside a few baselines. "Before" is `ce`, plain cross-entropy.',
    '',
    ...ran.flatMap(([name]) => runSection(name)),
  ].join('\n');
}

/** The best of one leaderboard, with the plain baselines and EOS wherever they stand. */
function writeReadme() {
  const { name } = boards.find(({ readme }) => readme);
  if (!results[name]) return;
  const { commands, leaderboard } = results[name];
  const always = ['ce', 'class-weights', 'logit-adjustment', 'random-over-sampling', 'smote', 'eos'];
  const rows = leaderboard.rows.filter((row, place) => place < 5 || always.includes(row.name));
  const metrics = ['balancedAccuracy', 'macroF1', 'worstClassRecall', 'expectedCalibrationError'];
  const block = [
    '<!-- leaderboard -->',
    '',
    `\`${commands.at(-1).replace('run/store', 'fashion-run/store')}\` on Fashion-MNIST at 100:1 with the built-in backbone: the best five of ${leaderboard.rows.length} strategies, and the usual ones wherever they stand. In brackets the standard deviation over the seeds; in the last column the difference of balanced accuracy to \`ce\` and an interval, widened so that all of them hold together. ECE is the calibration error and the gap how far test rows reach beyond those trained on: of both, less is better. Everything, and three other data sets: [docs/results.md](docs/results.md).`,
    '',
    markdownTable(leaderboardTable({ ...leaderboard, rows }, metrics)),
    '',
    '<!-- /leaderboard -->',
  ].join('\n');
  const readme = join(root, 'README.md');
  const text = readFileSync(readme, 'utf8');
  writeFileSync(
    readme,
    text.replace(/<!-- leaderboard -->[^]*<!-- \/leaderboard -->/, () => block),
  );
}
