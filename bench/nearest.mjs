// Exact nearest enemies of every row that is not of the largest class, on a drawn long-tailed set.
//
//   node bench/nearest.mjs [--n 50000] [--d 512] [--classes 10] [--ratio 100] [--k 10] [--among enemies]
//                          [--threads 2] [--isa avx2] [--runs 3]
//
// Prints seconds, and GFLOP/s as if every query were multiplied with every row: 2 q n d / t.
import { parseArgs } from 'node:util';
import { defaultThreads, loadKernels } from '../dist/src/kernels/index.js';

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '10000' },
    d: { type: 'string', default: '512' },
    classes: { type: 'string', default: '10' },
    ratio: { type: 'string', default: '100' },
    k: { type: 'string', default: '10' },
    among: { type: 'string', default: 'enemies' },
    threads: { type: 'string', default: String(defaultThreads()) },
    runs: { type: 'string', default: '3' },
    isa: { type: 'string' },
  },
});
const [n, d, classes, ratio, k, threads, runs] = ['n', 'd', 'classes', 'ratio', 'k', 'threads', 'runs'].map((name) =>
  Number(values[name]),
);
const kernels = loadKernels({ backend: 'addon', ...(values.isa && { isa: values.isa }) });

// Exponential class sizes; each class a Gaussian cloud around its own centre, cheaply drawn.
let state = 1;
const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const normal = () => uniform() + uniform() + uniform() + uniform() - 2;
const shares = Array.from({ length: classes }, (_, c) => ratio ** (-c / Math.max(1, classes - 1)));
const total = shares.reduce((sum, share) => sum + share, 0);
const labels = new Int32Array(n);
const centres = Array.from({ length: classes }, () => Float32Array.from({ length: d }, normal));
const x = new Float32Array(n * d);
for (let i = 0; i < n; i++) {
  let at = uniform() * total;
  while ((at -= shares[labels[i]]) > 0 && labels[i] < classes - 1) labels[i]++;
  for (let j = 0; j < d; j++) x[i * d + j] = 0.5 * centres[labels[i]][j] + normal();
}
const counts = new Int32Array(classes);
for (const label of labels) counts[label]++;
const largest = counts.indexOf(Math.max(...counts));
const queries = Int32Array.from(labels.keys()).filter((i) => labels[i] !== largest);

const seconds = [];
for (let run = 0; run < runs; run++) {
  const start = performance.now();
  await kernels.nearest({ x, rows: n, cols: d, labels, queries, k, among: values.among, threads });
  seconds.push((performance.now() - start) / 1000);
}
seconds.sort((a, b) => a - b);
const median = seconds[Math.floor(runs / 2)];
const rate = (2 * queries.length * n * d) / median / 1e9;
console.log(
  `nearest ${values.among}: n ${n}, d ${d}, queries ${queries.length}, k ${k}, ${kernels.isa}, ${threads} threads: ` +
    `${median.toFixed(3)} s (of ${seconds.map((s) => s.toFixed(3)).join(', ')}), ${rate.toFixed(0)} GFLOP/s`,
);
