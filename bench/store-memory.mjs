// Peak resident memory of each step on a store that is much larger than what its rows may take: 800,000 x 512 float32 (1.5 GiB) by
// default, drawn here, and --memory 256MB. Linux only (VmHWM).
//
//   node bench/store-memory.mjs                      every step, each in a process of its own
//   node bench/store-memory.mjs --memory none        the same steps with all rows in memory
//   node bench/store-memory.mjs --steps train,inspect --rows 200000 --d 2048
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '800000' },
    d: { type: 'string', default: '512' },
    memory: { type: 'string', default: '256MB' },
    epochs: { type: 'string', default: '1' },
    /** Kept, and used again when it is there. */
    store: { type: 'string' },
    steps: { type: 'string' },
  },
});
const [rows, d] = [Number(values.rows), Number(values.d)];
const root = fileURLToPath(new URL('..', import.meta.url));
const limit = values.memory === 'none' ? [] : ['--memory', values.memory];

/** A store of ten classes from 100:1, every row its class's centre and noise; a tenth each for validation and test. */
async function drawStore(dir) {
  const { createStore } = await import('../dist/src/store/index.js');
  const names = Array.from({ length: 10 }, (_, c) => `class ${c}`);
  const shares = names.map((_, c) => 100 ** (-c / 9));
  const total = shares.reduce((a, b) => a + b, 0);
  let state = 1;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const label = () => {
    let at = uniform() * total;
    return Math.max(
      0,
      shares.findIndex((share) => (at -= share) < 0),
    );
  };
  const labels = Array.from({ length: rows }, label);
  const writer = await createStore(dir, {
    datasetFingerprint: 'drawn',
    count: rows,
    modality: 'table',
    backbone: null,
    dim: d,
    classNames: names,
  });
  for (const { index, start, end } of writer.shards()) {
    const data = new Float32Array((end - start) * d);
    for (let i = 0; i < data.length; i++) {
      const column = i % d;
      data[i] = uniform() + (labels[start + Math.floor(i / d)] === column % 10 ? 0.2 : 0);
    }
    const ids = Array.from({ length: end - start }, (_, i) => `${start + i}`);
    await writer.writeShard(index, { ids, embeddings: { data, rows: end - start, cols: d } });
  }
  const store = await writer.finish({
    rows: labels.map((c, i) => ({ id: `${i}`, source: `${i}`, label: names[c] })),
  });
  const part = (i) => (i % 10 === 0 ? 'test' : i % 10 === 1 ? 'validation' : 'train');
  await store.writeSplit('default', { parts: new Map(labels.map((_, i) => [`${i}`, part(i)])) });
}

/** Prints, at the end of a process, what it held at most and how long it computed. */
const tellPeak = `import { readFileSync } from 'node:fs';
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const peak = readFileSync('/proc/self/status', 'utf8').match(/VmHWM:.*/)[0];
  process.stderr.write('\\n' + peak + '\\nCPU: ' + (user + system) / 1e6 + '\\n');
});`;

const folder = values.store ?? mkdtempSync(join(tmpdir(), 'equipoise-store-memory-'));
const store = join(folder, 'store');
const head = join(folder, 'head.onnx');
const split = ['--split', 'default'];
const training = [store, ...split, '--epochs', values.epochs];
const steps = {
  nothing: ['--version'],
  train: ['train', ...training, '--strategy', 'ce', '--out', head, ...limit],
  'train eos': [
    'train',
    ...training,
    '--strategy',
    'eos',
    '--sampling-strategy',
    'minority',
    '--out',
    join(folder, 'eos.onnx'),
    ...limit,
  ],
  evaluate: ['evaluate', head, store, ...split, '--part', 'train', ...limit],
  calibrate: [
    'calibrate',
    head,
    store,
    ...split,
    '--calibration',
    'temperature',
    '--out',
    join(folder, 'sure.onnx'),
    ...limit,
  ],
  inspect: ['inspect', store, '--leaks', ...limit],
  resample: [
    'resample',
    store,
    ...split,
    '--sampler',
    'smote',
    '--sampling-strategy',
    'minority',
    '--out',
    join(folder, 'balanced'),
    '--overwrite',
    ...limit,
  ],
  export: ['export', store, '--to', 'npy', '--out', join(folder, 'rows.npy'), '--overwrite'],
};

try {
  if (!existsSync(store)) await drawStore(store);
  console.log(`${rows} x ${d} float32: ${((rows * d * 4) / 2 ** 20).toFixed(0)} MiB; --memory ${values.memory}`);
  for (const name of values.steps?.split(',') ?? Object.keys(steps)) {
    const { stderr, status } = spawnSync(
      process.execPath,
      [
        '--import',
        `data:text/javascript,${encodeURIComponent(tellPeak)}`,
        join(root, 'dist/src/cli/main.js'),
        ...steps[name],
      ],
      { encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    const peak = Number(/VmHWM:\s*(\d+)/.exec(stderr)?.[1]) / 1024;
    const seconds = Number(/CPU: ([\d.]+)/.exec(stderr)?.[1]);
    console.log(
      `${name.padEnd(12)} ${peak.toFixed(0).padStart(6)} MiB ${seconds.toFixed(1).padStart(8)} s of CPU${status === 0 ? '' : `  exit ${status}: ${stderr.slice(-300)}`}`,
    );
  }
} finally {
  if (!values.store) rmSync(folder, { recursive: true });
}
