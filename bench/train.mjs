// Training of heads on a drawn long-tailed set, the same set for every head.
//
//   node bench/train.mjs [--head linear|mlp|adapter|…] [--optimizer sgd|lbfgs|…] [--sampler eos] [--n 50000] [--d 512]
//                        [--classes 10] [--ratio 100] [--batch 256] [--epochs 10] [--runs 3]
//
// Prints one line of JSON: seconds and processor seconds (medians of the runs; the second says more on a busy machine), samples a second, microseconds a step, the final mean cross-entropy over
// the training rows, and the load of the machine before it began. An mlp has one hidden layer of 256. A sampler's planning is not counted.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { asTraining, fromArrays } from '../dist/src/core/embedding-set.js';
import { loadKernels } from '../dist/src/kernels/index.js';
import { createSampler } from '../dist/src/sampler/index.js';
import { trainHead } from '../dist/src/strategy/index.js';

const { values } = parseArgs({
  options: {
    head: { type: 'string', default: 'linear' },
    optimizer: { type: 'string', default: 'sgd' },
    sampler: { type: 'string' },
    n: { type: 'string', default: '50000' },
    d: { type: 'string', default: '512' },
    classes: { type: 'string', default: '10' },
    ratio: { type: 'string', default: '100' },
    batch: { type: 'string', default: '256' },
    epochs: { type: 'string', default: '10' },
    runs: { type: 'string', default: '3' },
  },
});
const [n, d, classes, ratio, batch, epochs, runs] = ['n', 'd', 'classes', 'ratio', 'batch', 'epochs', 'runs'].map(
  (name) => Number(values[name]),
);
const load = loadavg()[0];

// Exponential class sizes; each class a Gaussian cloud around its own centre, cheaply drawn.
let state = 1;
const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const normal = () => uniform() + uniform() + uniform() + uniform() - 2;
const shares = Array.from({ length: classes }, (_, c) => ratio ** (-c / Math.max(1, classes - 1)));
const total = shares.reduce((sum, share) => sum + share, 0);
const labels = new Int32Array(n);
const centres = Array.from({ length: classes }, () => Float32Array.from({ length: d }, normal));
const data = new Float32Array(n * d);
for (let i = 0; i < n; i++) {
  let at = uniform() * total;
  while ((at -= shares[labels[i]]) > 0 && labels[i] < classes - 1) labels[i]++;
  for (let j = 0; j < d; j++) data[i * d + j] = 0.15 * centres[labels[i]][j] + normal();
}
const classNames = Array.from({ length: classes }, (_, c) => String(c));
const train = asTraining(fromArrays({ data, shape: [n, d] }, labels, { classNames }));

const whole = values.optimizer === 'lbfgs';
let sampler = null;
if (values.sampler) {
  const plan = await createSampler(values.sampler, { seed: 0 }).plan(train);
  sampler = { name: values.sampler, options: {}, plan: async () => plan };
}
const options = {
  head: values.head,
  optimizer: values.optimizer === 'sgd' ? { name: 'sgd', weightDecay: 0 } : values.optimizer,
  sampler,
  epochs,
  ...(!whole && { batchSize: batch, learningRate: 0.005, schedule: 'constant', epochLength: 'resampled' }),
};
const seconds = [];
const cpuSeconds = [];
let trained;
for (let run = 0; run < runs; run++) {
  const start = performance.now();
  const cpu = process.cpuUsage();
  trained = await trainHead(train, options);
  seconds.push((performance.now() - start) / 1000);
  const { user, system } = process.cpuUsage(cpu);
  cpuSeconds.push((user + system) / 1e6);
}
const middle = (times) => times.sort((a, b) => a - b)[Math.floor(runs / 2)];
const median = middle(seconds);
const cpu = middle(cpuSeconds);
const probabilities = trained.probabilities(train.embeddings);
const finalLoss =
  labels.reduce((sum, label, i) => sum - Math.log(Math.max(1e-30, probabilities[i * classes + label])), 0) / n;
const visited = trained.history.length * (whole ? n : trained.settings.resampledRows);
const steps = trained.history.length * Math.ceil(trained.settings.resampledRows / trained.settings.batchSize);
console.log(
  JSON.stringify({
    bench: 'train',
    head: values.head,
    optimizer: values.optimizer,
    sampler: values.sampler ?? null,
    n,
    d,
    classes,
    batch: trained.settings.batchSize,
    epochs: trained.history.length,
    seconds: Number(median.toFixed(3)),
    cpuSeconds: Number(cpu.toFixed(3)),
    samplesPerSecond: Math.round(visited / median),
    samplesPerCpuSecond: Math.round(visited / cpu),
    microsecondsPerStep: Number(((median / steps) * 1e6).toFixed(1)),
    finalLoss: Number(finalLoss.toFixed(5)),
    isa: loadKernels().isa,
    load: Number(load.toFixed(2)),
  }),
);
