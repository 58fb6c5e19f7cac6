// Exact nearest enemies of every row that is not of the largest class, on a drawn long-tailed set.
//
//   node bench/nearest.mjs [--n 50000] [--d 512] [--classes 10] [--ratio 100] [--k 10] [--among enemies] [--threads 2]
//                          [--queries minority|all] [--most-queries 0] [--kind cloud] [--runs 3]
//                          [--isa avx2] [--screen auto|off|int8|auto,off] [--json]
//
// Kinds: `cloud` is a Gaussian around each class's centre, its columns with a falling spread as embeddings have; `even` has
// equal spreads; `clusters` packs each class into tight clusters, whose rows only their last bits tell apart; `copies` repeats
// a hundred rows; `mixed` is clusters for every other row and cloud for the rest; `spikes` is cloud beside one column of two
// far values, which alone sets the scale of the bytes.
//
// Several screens are run in turn, and each is put beside the last one: the median of the ratios, round by round, of their CPU
// seconds, which on a busy machine say more than the wall.
//
// Prints wall seconds, CPU seconds of all threads, and GFLOP/s as if every wanted pair were multiplied: 2 pairs d / wall.
import { parseArgs } from 'node:util';
import { defaultThreads, kernelReport, loadKernels } from '../dist/src/kernels/index.js';

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '50000' },
    d: { type: 'string', default: '512' },
    classes: { type: 'string', default: '10' },
    ratio: { type: 'string', default: '100' },
    k: { type: 'string', default: '10' },
    among: { type: 'string', default: 'enemies' },
    queries: { type: 'string', default: 'minority' },
    'most-queries': { type: 'string', default: '0' },
    kind: { type: 'string', default: 'cloud' },
    threads: { type: 'string', default: String(defaultThreads()) },
    runs: { type: 'string', default: '3' },
    isa: { type: 'string' },
    screen: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [n, d, classes, ratio, k, threads, runs, mostQueries] = [
  'n',
  'd',
  'classes',
  'ratio',
  'k',
  'threads',
  'runs',
  'most-queries',
].map((name) => Number(values[name]));
const searches = (values.screen ?? '').split(',').map((screen) => {
  const chosen = { backend: 'addon', ...(values.isa && { isa: values.isa }), ...(screen && { screen }) };
  return { kernels: loadKernels(chosen), screen: kernelReport(chosen).screen, wall: [], cpu: [], checksum: 0 };
});

let state = 1;
const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const normal = () => uniform() + uniform() + uniform() + uniform() - 2;

const shares = Array.from({ length: classes }, (_, c) => ratio ** (-c / Math.max(1, classes - 1)));
const total = shares.reduce((sum, share) => sum + share, 0);
const labels = new Int32Array(n);
for (let i = 0; i < n; i++) {
  let at = uniform() * total;
  while ((at -= shares[labels[i]]) > 0 && labels[i] < classes - 1) labels[i]++;
}

const spread = Float32Array.from({ length: d }, (_, j) =>
  ['cloud', 'mixed', 'spikes'].includes(values.kind) ? (1 + j) ** -0.5 : 1,
);
const centres = Array.from({ length: classes }, () => Float32Array.from({ length: d }, normal));
const hundred = Array.from({ length: 100 }, () => Float32Array.from({ length: d }, normal));
const rows = {
  cloud: (i, j) => spread[j] * (0.15 * centres[labels[i]][j] + normal()),
  even: (i, j) => 0.5 * centres[labels[i]][j] + normal(),
  clusters: (i, j) => hundred[i % 10][j] + 2e-2 * normal(),
  copies: (i, j) => hundred[i % 100][j],
  mixed: (i, j) => (i % 2 === 0 ? rows.clusters(i, j) : rows.cloud(i, j)),
  spikes: (i, j) => (j === 0 ? (i % 2 === 0 ? 30 : -30) : rows.cloud(i, j)),
};
if (!(values.kind in rows)) throw new Error(`Expected one of ${Object.keys(rows).join(', ')} for --kind`);
const value = rows[values.kind];
const x = new Float32Array(n * d);
for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) x[i * d + j] = value(i, j);

const counts = new Int32Array(classes);
for (const label of labels) counts[label]++;
const largest = counts.indexOf(Math.max(...counts));
let queries = Int32Array.from(labels.keys()).filter((i) => values.queries === 'all' || labels[i] !== largest);
if (mostQueries > 0) queries = queries.subarray(0, mostQueries);
let pairs = 0;
for (const q of queries)
  pairs += { all: n, enemies: n - counts[labels[q]], 'same-class': counts[labels[q]] }[values.among];

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const before = process.memoryUsage.rss();
for (let run = 0; run < runs; run++)
  for (const search of searches) {
    const start = performance.now();
    const used = process.cpuUsage();
    const task = { x, rows: n, cols: d, labels, queries, k, among: values.among, threads };
    const { indices } = await search.kernels.nearest(task);
    search.wall.push((performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(used);
    search.cpu.push((user + system) / 1e6);
    search.checksum = indices.reduce((sum, id) => sum + id, 0);
  }
const results = searches.map(({ kernels, screen, wall, cpu, checksum }) => ({
  bench: 'nearest',
  n,
  d,
  k,
  among: values.among,
  kind: values.kind,
  queries: queries.length,
  threads,
  isa: kernels.isa,
  screen,
  seconds: median(wall),
  cpuSeconds: median(cpu),
  allSeconds: wall,
  gflops: (2 * pairs * d) / median(wall) / 1e9,
  gflopsPerCpuSecond: (2 * pairs * d) / median(cpu) / 1e9,
  // Beside the matrix: what the search itself added at its peak.
  rssBaseMb: before / 2 ** 20,
  rssPeakMb: process.resourceUsage().maxRSS / 1024,
  checksum,
  ratio: median(cpu.map((seconds, run) => seconds / searches.at(-1).cpu[run])),
}));
for (const result of results)
  console.log(
    values.json
      ? JSON.stringify(result)
      : `nearest ${result.among}, ${result.kind}: n ${n}, d ${d}, queries ${result.queries}, k ${k}, ${result.isa}, ` +
          `screen ${result.screen}, ${threads} threads: ${result.seconds.toFixed(3)} s (of ` +
          `${result.allSeconds.map((s) => s.toFixed(3)).join(', ')}), CPU ${result.cpuSeconds.toFixed(2)} s, ` +
          `${result.gflops.toFixed(0)} GFLOP/s, ${result.gflopsPerCpuSecond.toFixed(0)} a CPU second, ` +
          `peak ${(result.rssPeakMb - result.rssBaseMb).toFixed(0)} MB above ${result.rssBaseMb.toFixed(0)}, ` +
          `checksum ${result.checksum}` +
          (results.length > 1 ? `, ${result.ratio.toFixed(2)} of the time of ${results.at(-1).screen}` : ''),
  );
