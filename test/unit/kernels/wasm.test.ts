/** What is particular to WebAssembly: memory of its own, and threads that come and go. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadKernels } from '../../../src/kernels/index.js';
import { checkStatus, compileWasm, WasmInstance } from '../../../src/kernels/wasm-module.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const module = compileWasm(readFileSync(`${root}prebuilds/wasm32/equipoise.wasm`));
const kernels = loadKernels({ backend: 'wasm' });
const outOfMemory = { code: 'ERR_ENVIRONMENT', message: /Out of memory while testing: WebAssembly has 4 GiB at most/ };

test('a request beyond 4 GiB is refused with what to do', () => {
  const instance = new WasmInstance(module);
  // Beyond 4 GiB sizes would wrap around to next to nothing.
  for (const bytes of [2 ** 32, 2 ** 32 + 4, 2 ** 35])
    assert.throws(() => instance.reserve(bytes, 'testing'), outOfMemory);
});

test('memory that runs out inside the module is an error, not a crash', () => {
  const instance = new WasmInstance(module);
  const fill = (length: number) => {
    try {
      for (;;) instance.reserve(4 * length, 'testing');
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'ERR_ENVIRONMENT');
    }
  };
  const [m, n, k] = [64, 64, 4096];
  const a = instance.reserve(4 * m * k, 'testing');
  const b = instance.reserve(4 * n * k, 'testing');
  const c = instance.reserve(4 * m * n, 'testing');
  const ids = instance.reserve(4 * m, 'testing');
  const gemm = (depth = k) => checkStatus(instance.exports.gemm(a, b, c, m, n, depth, false, false, 1, 0), 'testing');
  const nearest = () => checkStatus(instance.exports.nearest(a, m, k, ids, ids, m, 4, 0, 0, m, c, c, b), 'testing');
  gemm(8); // it keeps its memory for the next call, but needs more for a deeper one
  nearest();
  for (const length of [2 ** 26, 2 ** 16, 2 ** 8]) fill(length);
  assert.throws(() => gemm(), outOfMemory);
  assert.throws(nearest, outOfMemory);
});

test('arrays are given back, so calls do not add up', () => {
  const instance = new WasmInstance(module);
  const x = new Float32Array(1 << 20);
  const use = () => instance.with([x], [1 << 20], 'testing', ([at]) => at);
  const first = use();
  const size = instance.exports.memory.buffer.byteLength;
  for (let i = 0; i < 50; i++) assert.equal(use(), first);
  assert.equal(instance.exports.memory.buffer.byteLength, size);
});

test('searches at the same time, one of them stopped, do not disturb each other', async () => {
  const rows = 3000;
  const x = new Float32Array(rows * 16).map((_, i) => (i * 2654435761) % 1013);
  const queries = Int32Array.from({ length: rows }, (_, i) => i);
  const labels = queries.map((i) => i % 3);
  const input = { x, rows, cols: 16, labels, queries, k: 4, among: 'enemies', threads: 2 } as const;
  const alone = await kernels.nearest(input);
  const fewer = await kernels.nearest({ ...input, k: 2 });
  const controller = new AbortController();
  const stopped = kernels.nearest({ ...input, signal: controller.signal });
  const others = Promise.all([kernels.nearest(input), kernels.nearest({ ...input, threads: 1 })]);
  controller.abort();
  await assert.rejects(stopped, { code: 'ERR_ABORTED' });
  assert.deepEqual(await kernels.nearest({ ...input, k: 2 }), fewer, 'a stopped thread is not asked again');
  for (const found of await others) assert.deepEqual(found, alone);
});

test('a process that has searched ends by itself', () => {
  const script = `import { loadKernels } from ${JSON.stringify(`${root}dist/src/kernels/index.js`)};
    const ids = Int32Array.of(0, 1);
    const x = Float32Array.of(0, 1);
    await loadKernels({ backend: 'wasm' }).nearest({ x, rows: 2, cols: 1, labels: ids, queries: ids, k: 1, among: 'all', threads: 1 });`;
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 });
  assert.deepEqual({ status, signal }, { status: 0, signal: null });
});
