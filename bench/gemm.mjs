// Matrix products with the shapes of head training, one thread: ours, onnxruntime's Gemm, and numpy's BLAS where a Python has it.
//
//   node bench/gemm.mjs [--rounds 7] [--isa avx2] [--python /usr/bin/python3] [--json]
//
// Prints GFLOP/s by the CPU seconds of each process, medians of rounds taken in turn, and how many times as fast as numpy's BLAS
// ours is: the median of the rounds' ratios, and between which two the middle half of them lies.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as ort from 'onnxruntime-node';
import { loadKernels } from '../dist/src/kernels/index.js';
import { plainEnvironment } from './peers.mjs';
import { openGemm } from './peers/onnx-gemm.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    isa: { type: 'string' },
    python: { type: 'string', default: '/usr/bin/python3' },
    json: { type: 'boolean', default: false },
  },
});
// m, n, k and form: forward of a head is NT, its weight gradient TN, its input gradient NN.
const shapes = [
  [256, 10, 512, 'NN'],
  [512, 10, 256, 'TN'],
  [256, 1000, 2048, 'NN'],
  [2048, 1000, 256, 'TN'],
  [1024, 1024, 512, 'NT'],
  [2048, 2048, 2048, 'NN'],
  [256, 10, 512, 'NT'],
  [10, 512, 256, 'TN'],
  [256, 512, 10, 'NN'],
  [32, 10, 64, 'NT'],
  [32, 2, 64, 'NT'],
  [4096, 10, 512, 'NT'],
  [4096, 2, 2048, 'NT'],
  [256, 100, 512, 'NT'],
  [100, 512, 256, 'TN'],
  [256, 256, 512, 'NT'],
  [4096, 1000, 2048, 'NT'],
  [256, 2, 512, 'NT'],
  [256, 32, 512, 'NT'],
  [32, 512, 256, 'TN'],
  [32, 1000, 512, 'NT'],
];

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
let state = 1;
const fill = (length) =>
  Float32Array.from({ length }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5);
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** numpy in a process of its own: a line `m n k form repeats` brings CPU seconds. */
function openNumpy() {
  const script = `
import sys, time
import numpy as np
for line in sys.stdin:
    m, n, k, form, repeats = line.split(); m, n, k, repeats = int(m), int(n), int(k), int(repeats)
    a = np.random.rand(*((k, m) if form[0] == 'T' else (m, k))).astype(np.float32) - 0.5
    b = np.random.rand(*((n, k) if form[1] == 'T' else (k, n))).astype(np.float32) - 0.5
    a, b = (a.T if form[0] == 'T' else a), (b.T if form[1] == 'T' else b)
    c = np.empty((m, n), np.float32)
    np.matmul(a, b, out=c)
    start = time.process_time()
    for _ in range(repeats): np.matmul(a, b, out=c)
    print(time.process_time() - start, flush=True)
`;
  const env = { ...plainEnvironment, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
  const child = spawn(values.python, ['-c', script], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async seconds(m, n, k, form, repeats) {
      child.stdin.write(`${m} ${n} ${k} ${form} ${repeats}\n`);
      const { value, done } = await lines.next();
      return done ? undefined : Number(value);
    },
    close: () => child.stdin.end(),
  };
}

const kernels = loadKernels({ backend: 'addon', ...(values.isa && { isa: values.isa }) });
const sessions = Object.fromEntries(
  await Promise.all(['NN', 'NT', 'TN'].map(async (form) => [form, await openGemm(form, 1)])),
);
const numpy = openNumpy();
const results = [];
for (const [m, n, k, form] of shapes) {
  const [a, b, c] = [fill(m * k), fill(k * n), new Float32Array(m * n)];
  const [transposeA, transposeB] = [form[0] === 'T', form[1] === 'T'];
  const task = { a, b, c, m, n, k, transposeA, transposeB, alpha: 1, beta: 0 };
  const feeds = {
    a: new ort.Tensor('float32', a, transposeA ? [k, m] : [m, k]),
    b: new ort.Tensor('float32', b, transposeB ? [n, k] : [k, n]),
  };
  const repeats = Math.max(1, Math.round(2e9 / (2 * m * n * k)));
  const taken = { ours: [], onnxruntime: [], numpy: [] };
  for (let round = 0; round < Number(values.rounds); round++) {
    // Each is called once before its time counts: the others have had the cache since.
    kernels.gemm(task);
    let start = cpu();
    for (let i = 0; i < repeats; i++) kernels.gemm(task);
    taken.ours.push(cpu() - start);
    await sessions[form].run(feeds);
    start = cpu();
    for (let i = 0; i < repeats; i++) await sessions[form].run(feeds);
    taken.onnxruntime.push(cpu() - start);
    const seconds = await numpy.seconds(m, n, k, form, repeats);
    if (seconds !== undefined) taken.numpy.push(seconds);
  }
  const rate = (seconds) =>
    seconds.length > 0 ? Math.round((2e-9 * m * n * k * repeats) / median(seconds)) : undefined;
  const ratios = taken.numpy.map((seconds, round) => seconds / taken.ours[round]).sort((a, b) => a - b);
  const at = (share) => ratios[Math.floor(share * (ratios.length - 1))]?.toFixed(2);
  results.push({
    m,
    n,
    k,
    form,
    ours: rate(taken.ours),
    onnxruntime: rate(taken.onnxruntime),
    numpy: rate(taken.numpy),
    ...(ratios.length > 0 && { ratio: `${at(0.5)} (${at(0.25)} to ${at(0.75)})` }),
  });
}
numpy.close();
if (values.json) console.log(JSON.stringify({ bench: 'gemm', isa: kernels.isa, results }));
else console.table(results);
