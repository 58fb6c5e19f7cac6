// Results → lines on the terminal, the table in README.md, docs/benchmarks.md and its picture.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawSvg, seriesColours } from '../dist/src/report/svg.js';

const whole = (value) => Math.round(value).toLocaleString('en-US');
const figure = (value) => (value >= 100 ? whole(value) : value.toPrecision(value >= 10 ? 3 : 2));
const rate = (program, suite) => `${figure(program.rate)} ${suite.unit}`;
const time = (seconds) =>
  seconds >= 1
    ? `${figure(seconds)} s`
    : seconds >= 1e-3
      ? `${figure(seconds * 1e3)} ms`
      : `${figure(seconds * 1e6)} µs`;
const isOurs = (program) => program.ratio === undefined;

/** A ratio near 1 may be chance: then with its range over the rounds. */
function timesText({ median, low, high }) {
  const text = `${median.toFixed(median < 10 ? 2 : 0)}×`;
  return median < 1.3 ? `${text} (${low.toFixed(2)} to ${high.toFixed(2)})` : text;
}

function ratioText({ ratio, float32 }) {
  return float32 ? `${timesText(ratio)}, in float32 ${timesText(float32)}` : timesText(ratio);
}

const sizeText = ({ n, d, threads }) =>
  [n && `N = ${whole(n)}, D = ${whole(d)}`, threads === 1 ? '1 thread' : `${threads} threads`]
    .filter(Boolean)
    .join(', ');

export function printCase(suite, one) {
  console.log(`\n${suite.title} (${[sizeText(one), one.text].filter(Boolean).join('; ')})`);
  for (const program of one.programs) {
    const cells = [
      program.name.padEnd(30),
      rate(program, suite).padStart(14),
      `${whole(program.peak)} MiB`.padStart(11),
    ];
    if (program.ratio) cells.push(ratioText(program).padStart(8));
    if (program.reached !== undefined) cells.push(`loss ${program.reached.toPrecision(5)}`);
    if (program.agreement !== undefined) cells.push(`same neighbours: ${(100 * program.agreement).toFixed(2)} %`);
    console.log(`  ${cells.join('  ')}`);
  }
  if (one.missing.length > 0) console.log(`  not installed: ${one.missing.join(', ')}`);
  if (one.failed.length > 0) console.log(`  failed: ${one.failed.join(', ')}`);
}

function table(columns, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** `3`, or `1 to 3`. */
function span(numbers) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return low === high ? String(low) : `${low} to ${high}`;
}

function readmeTable(suites, { cases, machine }) {
  const shown = cases.filter((one) => one.main);
  const most = Math.max(...shown.map(({ load }) => load[1]));
  const busy =
    most > machine.cores
      ? ` The machine was busy with other work (load up to ${most.toFixed(1)}): trust the ratios more than the rates.`
      : '';
  /** What was done, told apart from the other rows of its suite. */
  const work = (one, { title }) => {
    const several = shown.filter(({ suite }) => suite === one.suite).length > 1;
    if (!one.n) return `${title} (${one.text})`;
    return `${several ? `${title}: ${one.text}` : title} (${sizeText(one)})`;
  };
  const rows = shown.flatMap((one) => {
    const suite = suites.find(({ name }) => name === one.suite);
    const ours = one.programs.find(isOurs);
    return one.programs
      .filter((program) => program.ratio && program.version)
      .map((program, i) => [
        i === 0 ? work(one, suite) : '',
        i === 0 ? rate(ours, suite) : '',
        program.name,
        rate(program, suite),
        ratioText(program),
        `${whole(ours.peak)} / ${whole(program.peak)} MiB`,
      ]);
  });
  return [
    `\`npm run bench\` on ${machine.cores} cores (${machine.processor}, ${machine.kernels}): the same rows for all, medians of ${span(shown.map(({ rounds }) => rounds))} rounds in turn, every program in a process of its own.${busy} More in [docs/benchmarks.md](docs/benchmarks.md).`,
    table(['work', 'equipoise', 'beside it', 'its rate', 'equipoise is', 'peak memory, ours / its'], rows),
  ].join('\n\n');
}

function caseTable(suite, one) {
  const rows = one.programs.map((program) => [
    program.version ? `${program.name} ${program.version}` : program.name,
    rate(program, suite),
    program.first ? '' : time(program.seconds),
    program.ratio ? ratioText(program) : '',
    `${whole(program.peak)} MiB`,
    ...(suite.name === 'nearest'
      ? [program.agreement === undefined ? '' : `${(100 * program.agreement).toFixed(2)} %`]
      : []),
    ...(suite.name === 'train' ? [program.reached === undefined ? '' : program.reached.toPrecision(5)] : []),
  ]);
  const columns = [
    'program',
    'rate',
    'time',
    'equipoise is',
    'peak memory',
    ...(suite.name === 'nearest' ? ['same neighbours'] : []),
    ...(suite.name === 'train' ? ['loss reached'] : []),
  ];
  const notes = [
    one.missing.length > 0 && `Not installed: ${one.missing.join(', ')}.`,
    one.failed.length > 0 && `Failed: ${one.failed.join(', ')}.`,
    ...one.programs
      .filter(({ first }) => first)
      .map(({ name, first }) => `${name} was given ${whole(first)} of the queries.`),
    one.generation && `Processor: ${one.generation}.`,
    `Load average while it ran: ${one.load.map((load) => load.toFixed(1)).join(' to ')}.`,
  ].filter(Boolean);
  return [`### ${[sizeText(one), one.text].filter(Boolean).join('; ')}`, table(columns, rows), notes.join(' ')].join(
    '\n\n',
  );
}

const explanation = `Made by \`npm run bench\`; do not edit. \`npm run bench -- --quick\` tries it in two minutes.

**Data.** Ten Gaussian classes, the largest 100 times the smallest, whose columns carry less and less variance, as those of embeddings do; drawn by \`bench/data.mjs\` and given to every program as the same \`.npy\` files. Queries are rows outside the largest class; recipes bring every class to the size of the largest.

**Work.** Every program answers the same question: the k exact nearest rows of other classes of each query (FAISS \`IndexFlatL2\`, scikit-learn \`NearestNeighbors(algorithm="brute")\`, usearch \`exactSearch\`, and torch and numpy as \`matmul\` + \`topk\`/\`argpartition\` by blocks of 1,024 queries, each once a class among the rows outside it, since none of them has the question itself); or the same balanced set; or the same batches; or the same head, trained by SGD with momentum 0.9 on batches of 256 drawn without replacement for 10 epochs at one constant rate, or by L-BFGS to convergence (scikit-learn \`LogisticRegression(C=1, tol=1e-4, fit_intercept=False)\`). Their code is in \`bench/peers\`.

**Figures.** Each program runs in a process of its own, with the stated number of threads, and repeats the work for two seconds (at least once); its best time counts. Where the environment names kernels for OpenBLAS, that is unset: the BLAS of the peers chooses its own, which are named below. Programs take turns, and the figure is the median over the rounds. Tables are measured on several days, where one says so on a processor of another generation that goes by the same name: compare within a table. "Equipoise is" divides our rate by theirs round by round and takes the median; below 1.3 the range over the rounds is given. A rate in GFLOP/s counts 2 D for every pair of a query and one of its enemies, whatever a program really multiplies; a rate in GB/s counts the bytes of the result, rows those of the balanced set, samples those visited in training; a solver's rows are counted once. "Loss reached" is the mean cross-entropy over all rows after training, for L-BFGS with its penalty. Peak memory is everything the process ever held (VmHWM): interpreter, libraries and data included. "Same neighbours" is the share of our neighbours that the other found too, in the first 100 queries: rounding makes them differ where two rows are equally near.`;

function benchmarksText(suites, results) {
  const { machine, versions } = results;
  const sections = suites.flatMap((suite) => {
    const cases = results.cases.filter((one) => one.suite === suite.name && !one.curve);
    return cases.length === 0 ? [] : [`## ${suite.title}`, ...cases.map((one) => caseTable(suite, one))];
  });
  return [
    '# Benchmarks',
    explanation,
    `**Machine.** ${machine.processor}, ${machine.cores} cores; node ${machine.node}; kernels: ${machine.kernels}. Beside it: ${Object.entries(
      versions,
    )
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    '![Rate of the exact search over N and D](scaling-search.svg)',
    ...sections,
  ].join('\n\n');
}

const drawn = ['equipoise', 'equipoise, float32', 'FAISS', 'torch'];

/** Two panels: over N at D = 512, over D at the usual N. */
async function scalingPicture({ cases }) {
  const search = cases.filter((one) => one.suite === 'nearest' && (one.curve || one.id === 'main'));
  const main = search.find((one) => one.id === 'main');
  const panel = (axis, fixed, title) => {
    const points = search
      .filter((one) => one[fixed] === main[fixed])
      .flatMap((one) =>
        one.programs
          .filter(({ name }) => drawn.includes(name))
          .map((program) => ({ size: one[axis], rate: program.rate, program: program.name })),
      );
    return {
      title: { text: title, fontSize: 13, fontWeight: 'normal', anchor: 'start' },
      width: 250,
      height: 220,
      data: { values: points },
      mark: { type: 'line', point: true },
      encoding: {
        x: {
          field: 'size',
          type: 'quantitative',
          scale: { type: 'log', nice: false },
          axis: {
            title: axis.toUpperCase(),
            values: [...new Set(points.map(({ size }) => size))].sort((a, b) => a - b),
            format: ',d',
            labelOverlap: true,
          },
        },
        y: { field: 'rate', type: 'quantitative', title: 'GFLOP/s, effective' },
        color: { field: 'program', type: 'nominal', title: null, scale: { domain: drawn, range: seriesColours } },
      },
    };
  };
  const svg = await drawSvg({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    padding: 16,
    hconcat: [panel('n', 'd', `D = ${main.d}`), panel('d', 'n', `N = ${whole(main.n)}`)],
    // As an image it cannot take the colours of the page around it, so it brings paper and ink.
    config: { background: '#ffffff' },
  });
  return `${svg.replace('<svg ', '<svg color="#1c2128" ')}\n`;
}

export async function writeDocuments(root, suites, results) {
  const readme = join(root, 'README.md');
  const text = await readFile(readme, 'utf8');
  const block = /(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/;
  if (!block.test(text)) throw new Error('README.md has no <!-- bench --> … <!-- /bench -->');
  await writeFile(
    readme,
    text.replace(block, (_, open, close) => `${open}\n${readmeTable(suites, results)}\n\n${close}`),
  );
  await writeFile(join(root, 'docs', 'benchmarks.md'), `${benchmarksText(suites, results)}\n`);
  if (results.cases.some((one) => one.suite === 'nearest'))
    await writeFile(join(root, 'docs', 'scaling-search.svg'), await scalingPicture(results));
  console.log('\nwrote README.md, docs/benchmarks.md, docs/scaling-search.svg');
}
