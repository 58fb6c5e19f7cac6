// A search among more than 2^31 numbers, in real memory: small whole numbers, whose distances every arithmetic gives alike, so
// that the rows behind the 2^31st number are held to a plain search of those same rows in a small matrix of their own.
//
//   node bench/large.mjs [--rows 4200000] [--d 512] [--queries 64] [--threads 2]     needs 8.6 GB and as much memory for int8
import { deepStrictEqual } from 'node:assert';
import { parseArgs } from 'node:util';
import { defaultThreads, loadKernels } from '../dist/src/kernels/index.js';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '4200000' },
    d: { type: 'string', default: '512' },
    queries: { type: 'string', default: '64' },
    threads: { type: 'string', default: String(defaultThreads()) },
    screen: { type: 'string', default: 'off' },
  },
});
const [rows, d, count, threads] = ['rows', 'd', 'queries', 'threads'].map((name) => Number(values[name]));
const tail = 2000;
const first = rows - tail;
const kernels = loadKernels({ backend: 'addon', screen: values.screen });

// Rows in front are far from all behind; the last ones differ among each other in the low bits of a counter.
const x = new Float32Array(rows * d);
let state = 1;
for (let i = 0; i < first; i++) x.fill(100 + (i % 50), i * d, (i + 1) * d);
for (let at = first * d; at < rows * d; at++) x[at] = (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 28;
const queries = Int32Array.from({ length: count }, (_, q) => first + q * Math.floor(tail / count));
const labels = new Int32Array(0);
const k = 10;

const start = performance.now();
const large = await kernels.nearest({ x, rows, cols: d, labels, queries, k, among: 'all', threads });
const seconds = (performance.now() - start) / 1000;

const small = await loadKernels({ backend: 'reference' }).nearest({
  x: x.slice(first * d),
  rows: tail,
  cols: d,
  labels,
  queries: queries.map((row) => row - first),
  k,
  among: 'all',
  threads: 1,
});
deepStrictEqual(
  large.indices,
  small.indices.map((row) => row + first),
);
deepStrictEqual(large.exact, small.exact);

// Rows gathered from both ends: half way between a first and a last row.
const base = Int32Array.from({ length: 100 }, (_, r) => r);
const other = base.map((r) => rows - 1 - r);
const out = new Float32Array(100 * d);
kernels.interpolate({ x, cols: d, base, other, step: new Float32Array(100).fill(0.5), out });
for (let r = 0; r < 100; r++)
  for (let j = 0; j < d; j++) deepStrictEqual(out[r * d + j], (x[r * d + j] + x[(rows - 1 - r) * d + j]) / 2);

console.log(
  `${rows * d} numbers (2^31 is ${2 ** 31}), ${count} queries, screen ${values.screen}, ${threads} threads: ` +
    `${seconds.toFixed(1)} s, as the reference says; peak ${(process.resourceUsage().maxRSS / 2 ** 20).toFixed(1)} GiB`,
);
