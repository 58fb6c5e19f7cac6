// How much memory planning and training take beyond their inputs: 1,000,000 x 512 rows (2 GB) of which few are rare, balanced by
// 900,000 synthetic ones.
//
//   node bench/memory.mjs                  both samplers, each in a process of its own
//   node bench/memory.mjs --sampler eos    one of them, in this process: prints a line of JSON
//
// --rows, --d, --rare (rows of the small class), --synthetic, --epochs. The bound is 64 MiB and 8 k bytes a rare row, beyond the
// inputs (rows and labels) and what the process held before it had any: interpreter, code, kernels. Linux only (VmHWM).
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    sampler: { type: 'string' },
    rows: { type: 'string', default: '1000000' },
    d: { type: 'string', default: '512' },
    rare: { type: 'string', default: '20000' },
    synthetic: { type: 'string', default: '900000' },
    epochs: { type: 'string', default: '1' },
  },
});
const [rows, d, rare, synthetic, epochs] = ['rows', 'd', 'rare', 'synthetic', 'epochs'].map((name) =>
  Number(values[name]),
);
const k = 10;
const MiB = 2 ** 20;

if (!values.sampler) {
  for (const sampler of ['random-over-sampling', 'eos']) {
    const given = Object.entries({ ...values, sampler }).flatMap(([name, value]) => [`--${name}`, value]);
    const run = spawnSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), ...given], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    process.stdout.write(run.stdout);
    if (run.status !== 0) process.exitCode = 1;
  }
} else {
  const { asTraining, createSampler, fromArrays, trainHead } = await import('../dist/src/index.js');
  const status = (key) =>
    Number(new RegExp(`${key}:\\s*(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;

  // What the first call of anything loads is not counted: the code itself, and the kernels.
  const drawn = Float32Array.from({ length: 64 * 8 }, (_, i) => Math.sin(i));
  const few = asTraining(
    fromArrays(
      { data: drawn, shape: [64, 8] },
      Int32Array.from({ length: 64 }, (_, i) => i % 3 && 1),
    ),
  );
  await trainHead(few, { sampler: values.sampler, epochs: 1 });
  globalThis.gc?.();
  const before = status('VmRSS');

  // The rare class first; cheap numbers, as only their amount matters, but no two rows alike.
  const x = new Float32Array(rows * d);
  let state = 1;
  for (let i = 0; i < x.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    x[i] = state / 2 ** 32;
  }
  const labels = new Int32Array(rows).fill(1, 0, rare);
  for (let i = 0; i < rare; i++) x[i * d] += 0.5;
  const train = asTraining(fromArrays({ data: x, shape: [rows, d] }, labels));
  const options = { samplingStrategy: { 1: rare + synthetic }, ...(values.sampler === 'eos' && { kNeighbors: k }) };
  const start = performance.now();
  const plan = await createSampler(values.sampler, options).plan(train);
  const planned = performance.now();
  const sampler = { name: values.sampler, options, plan: async () => plan };
  const trained = await trainHead(train, { sampler, epochs, batchSize: 256, epochLength: 'resampled' });
  const inputs = (x.byteLength + labels.byteLength) / MiB;
  const beyond = status('VmHWM') - before - inputs;
  const bound = 64 + (8 * k * rare) / MiB;
  console.log(
    JSON.stringify({
      sampler: values.sampler,
      rows,
      d,
      synthetic: plan.recipes.base.length,
      visited: trained.settings.resampledRows,
      inputMiB: Math.round(inputs),
      beyondMiB: Number(beyond.toFixed(1)),
      boundMiB: Number(bound.toFixed(1)),
      planSeconds: Number(((planned - start) / 1000).toFixed(2)),
      trainSeconds: Number(((performance.now() - planned) / 1000).toFixed(2)),
    }),
  );
}
