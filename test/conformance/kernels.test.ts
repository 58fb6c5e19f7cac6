/** Every backend and instruction set against the reference: bit for bit where the contract says so. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { EquipoiseError } from '../../src/core/errors.js';
import { createRng } from '../../src/core/rng.js';
import type { Among, GemmInput, Kernels, NearestInput, Taps } from '../../src/kernels/index.js';
import { amongChoices, kernelReport, loadKernels } from '../../src/kernels/index.js';
import { knownIsas } from '../../src/kernels/load.js';

// Asked for by name: a missing build fails this file, it does not skip it.
const isas = kernelReport({ backend: 'addon' }).isas;
const reference = loadKernels({ backend: 'reference' });
const addons = knownIsas.filter((isa) => isas.includes(isa)).map((isa) => loadKernels({ backend: 'addon', isa }));
const wasm = loadKernels({ backend: 'wasm' });
const fast = [...addons, wasm];
const backends = [reference, ...fast];
const nameOf = (kernels: Kernels) => `${kernels.backend} (${kernels.isa})`;
const dims = [1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 127];

const bytes = (array: Int32Array | Float32Array | Float64Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Fills (rows, cols) from a function of a uniform draw, the row and the column. */
function draw(stream: string, rows: number, cols: number, value: (u: number, row: number, col: number) => number) {
  const draws = createRng(7, stream).at(0);
  return Float32Array.from({ length: rows * cols }, (_, i) => value(draws.uniform(), Math.floor(i / cols), i % cols));
}

function drawIds(stream: string, count: number, bound: number) {
  const draws = createRng(7, stream).at(1);
  return Int32Array.from({ length: count }, () => draws.below(bound));
}

function search(x: Float32Array, rows: number, given: Partial<NearestInput> = {}): NearestInput {
  return {
    x,
    rows,
    cols: x.length / rows,
    labels: drawIds('labels', rows, 4),
    queries: drawIds('queries', 12, rows),
    k: 5,
    among: 'all',
    threads: 2,
    ...given,
  };
}

async function assertSameNearest(input: NearestInput, what: string) {
  const wanted = await reference.nearest(input);
  for (const kernels of fast) {
    const got = await kernels.nearest(input);
    assert.deepEqual(bytes(got.indices), bytes(wanted.indices), `ids of ${what}, ${nameOf(kernels)}`);
    assert.deepEqual(bytes(got.l2sq), bytes(wanted.l2sq), `distances of ${what}, ${nameOf(kernels)}`);
    assert.deepEqual(bytes(got.exact), bytes(wanted.exact), `sums of ${what}, ${nameOf(kernels)}`);
  }
}

test('the addon has a set for every CPU', () => {
  assert.equal(isas.at(-1), 'baseline');
});

const kinds: Record<string, (u: number, row: number, col: number) => number> = {
  'whole numbers with many ties': (u) => Math.floor(u * 3),
  'real numbers': (u) => u - 0.5,
  'real numbers far from zero': (u) => 1e4 + u,
  'seven rows over and over': (_, row, col) => (row % 7) * 0.37 + col,
  'magnitudes 1e17': (u) => (u - 0.5) * 1e17,
  'magnitudes 1e-17': (u) => (u - 0.5) * 1e-17,
  'magnitudes 1e-17 to 1e17': (u, row) => (u - 0.5) * 10 ** ((row % 35) - 17),
  'subnormal numbers': (u) => (u - 0.5) * 1e-41,
  'numbers up to the largest float32': (u) => (u - 0.5) * 6.8e38,
  'one row at 1e30': (u, row) => (row === 0 ? 1e30 : u),
  // The search scales these to about 1e-22, whose squares are subnormal.
  'two rows at ±1e30 around 5e8': (u, row) => (row < 2 ? (row - 0.5) * 2e30 : (u - 0.5) * 5e8),
};

for (const among of amongChoices)
  test(`nearest among ${among} is bit-equal on every backend`, async () => {
    for (const [kind, value] of Object.entries(kinds))
      for (const cols of dims) {
        const rows = 61;
        await assertSameNearest(
          search(draw(kind, rows, cols, value), rows, { among, k: cols % 3 === 0 ? 1 : 5, threads: 1 + (cols % 3) }),
          `${kind}, d = ${cols}`,
        );
      }
  });

test('nearest stays exact where the float32 product cannot tell neighbours apart', async () => {
  // Two clouds 10 apart in every column, their rows 2^-20 apart: beside norms of 25 d the product's rounding swallows all
  // distances within a cloud. Rows and columns fill several blocks and chains.
  for (const [rows, cols] of [
    [5000, 9],
    [400, 700],
  ] as const) {
    const x = draw('close', rows, cols, (u, row) => (row % 2) * 10 + Math.floor(u * 4) * 2 ** -20);
    for (const among of amongChoices)
      await assertSameNearest(search(x, rows, { among, k: 10 }), `close rows, ${rows} x ${cols}, ${among}`);
  }
});

test('nearest visits every row where places times steps are beyond 32 bits', async () => {
  // Places are scattered by a step of about 0.618 n, and 0.618 n² is above 2³² from 83,368 rows on.
  const rows = 100_000;
  const x = draw('many rows', rows, 2, (u) => Math.floor(u * 2 ** 20));
  for (const among of amongChoices) await assertSameNearest(search(x, rows, { among }), `${rows} rows, ${among}`);
});

test('nearest gives the same bytes for any number of threads', async () => {
  const rows = 500;
  const x = draw('threads', rows, 17, (u) => Math.floor(u * 4));
  const queries = Int32Array.from({ length: rows }, (_, i) => i);
  for (const kernels of fast) {
    const one = await kernels.nearest(search(x, rows, { queries, threads: 1, among: 'enemies' }));
    for (const threads of [2, 3, 5]) {
      const more = await kernels.nearest(search(x, rows, { queries, threads, among: 'enemies' }));
      assert.deepEqual(bytes(more.indices), bytes(one.indices));
      assert.deepEqual(bytes(more.l2sq), bytes(one.l2sq));
    }
  }
});

for (const kernels of backends) {
  const find = async (x: number[], among: Among, queries: number[], k: number, labels = [0, 0, 1, 1, 1]) => {
    const input = search(Float32Array.from(x), x.length, {
      among,
      k,
      labels: Int32Array.from(labels),
      queries: Int32Array.from(queries),
    });
    const { indices, l2sq } = await kernels.nearest(input);
    return { indices: [...indices], l2sq: [...l2sq] };
  };

  test(`${nameOf(kernels)}: neighbours of the worked example`, async () => {
    // On a line: A is 0 and 1, B is 2, 4 and 5. From 0: 1 at 1, 2 at 4. From 1: 0 and 2 tie at 1, the lower id first.
    const line = [0, 1, 2, 4, 5];
    assert.deepEqual(await find(line, 'all', [0, 1], 2), { indices: [1, 2, 0, 2], l2sq: [1, 4, 1, 1] });
    // Enemies of 1 are 2 at 1 and 4 at 9; of 4: 1 at 9 and 0 at 16.
    assert.deepEqual(await find(line, 'enemies', [1, 3], 2), { indices: [2, 3, 1, 0], l2sq: [1, 9, 9, 16] });
    // In B, from 4: 5 at 1, 2 at 4.
    assert.deepEqual(await find(line, 'same-class', [3], 2), { indices: [4, 2], l2sq: [1, 4] });
  });

  test(`${nameOf(kernels)}: a row is excluded by its id, so its duplicates are found`, async () => {
    assert.deepEqual((await find([3, 3, 3, 3, 3], 'all', [2, 0], 3)).indices, [0, 1, 3, 1, 2, 3]);
  });

  test(`${nameOf(kernels)}: missing neighbours are −1 at infinity`, async () => {
    const lone = [7, 0, 0, 0, 0];
    assert.deepEqual(await find([0, 1, 2, 3, 4], 'same-class', [0], 2, lone), {
      indices: [-1, -1],
      l2sq: [Infinity, Infinity],
    });
    assert.deepEqual(await find([0, 1, 2, 3, 4], 'all', [0], 6), {
      indices: [1, 2, 3, 4, -1, -1],
      l2sq: [1, 4, 9, 16, Infinity, Infinity],
    });
    assert.deepEqual(await find([0, 1, 2, 3, 4], 'enemies', [4], 1, [5, 5, 5, 5, 5]), {
      indices: [-1],
      l2sq: [Infinity],
    });
    assert.deepEqual((await find([0], 'all', [0], 1, [0])).indices, [-1]);
  });

  test(`${nameOf(kernels)}: no queries give no rows, and repeated ones repeat`, async () => {
    assert.deepEqual((await find([0, 1, 2, 4, 5], 'all', [], 3)).indices, []);
    assert.deepEqual((await find([0, 1, 2, 4, 5], 'all', [4, 4], 1)).indices, [3, 3]);
  });

  // Finishing the search would take minutes, so the time limit sees whether it really stops.
  test(`${nameOf(kernels)}: a search is stopped by its signal`, { timeout: 60_000 }, async () => {
    const rows = kernels === reference ? 4000 : 200_000;
    const x = new Float32Array(rows * 64).map((_, i) => i % 7919);
    const controller = new AbortController();
    const queries = Int32Array.from({ length: rows }, (_, i) => i);
    const running = kernels.nearest(search(x, rows, { queries, signal: controller.signal, threads: 1 }));
    setTimeout(() => controller.abort(), 5);
    await assert.rejects(running, (error: EquipoiseError) => error.code === 'ERR_ABORTED');
    await assert.rejects(
      kernels.nearest(search(x, rows, { signal: AbortSignal.abort() })),
      (error: EquipoiseError) => error.code === 'ERR_ABORTED',
    );
  });

  test(`${nameOf(kernels)}: progress rises to the number of queries`, async () => {
    const rows = kernels === reference ? 600 : 4000;
    const told: number[] = [];
    const queries = Int32Array.from({ length: rows }, (_, i) => i);
    const x = draw('progress', rows, 64, (u) => u);
    await kernels.nearest(search(x, rows, { queries, onProgress: (done) => told.push(done) }));
    assert.equal(told.at(-1), rows);
    assert.deepEqual(
      told,
      [...new Set(told)].sort((a, b) => a - b),
    );
  });

  test(`${nameOf(kernels)}: interpolate stays between its ends and copies at step 0`, () => {
    // 0.1 is 13421773 · 2^-27 and 0.3 is 40265320 · 2^-27. Their difference 26843547 · 2^-27 has a bit too many and rounds to
    // even, 13421774 · 2^-26; half of it plus 0.1 is 26843547 · 2^-27 again. A fused operation would end at 13421773 · 2^-26.
    const x = Float32Array.of(0.1, -0, 0.3, 5, -3e38, 1, 3e38, 1);
    const out = new Float32Array(8);
    const recipes = {
      base: Int32Array.of(0, 0, 2, 2),
      other: Int32Array.of(1, 1, 3, 3),
      step: Float32Array.of(0.5, 0, 0.5, 0),
    };
    kernels.interpolate({ x, cols: 2, ...recipes, out });
    assert.equal(out[0], 13421774 * 2 ** -26);
    assert.deepEqual(bytes(out.subarray(2, 4)), bytes(x.subarray(0, 2)), 'a copy, the sign of zero included');
    assert.equal(out[4], Math.fround(3e38), 'a difference that overflows ends at the far end');
    assert.equal(out[6], Math.fround(-3e38), 'step 0 copies whatever the difference');
  });

  test(`${nameOf(kernels)}: gemm keeps its tolerance in every form`, () => {
    for (const [m, n, k] of [
      [1, 1, 1],
      [3, 5, 7],
      [64, 10, 130],
      [10, 130, 64],
      [5, 3, 300],
      [40, 33, 17],
      [33, 100, 270],
      [230, 40, 33],
      [2, 3, 0],
    ] as const)
      for (const transposeA of [false, true])
        for (const transposeB of [false, true])
          for (const [alpha, beta] of [
            [1, 0],
            [0.5, 1],
            [2, -0.5],
          ] as const)
            assertGemm(kernels, { m, n, k, transposeA, transposeB, alpha, beta });
  });

  test(`${nameOf(kernels)}: arguments that do not fit are refused`, async () => {
    const x = Float32Array.of(0, 1, 2);
    const refused = async (given: Partial<NearestInput>, code: string, words: RegExp) =>
      assert.rejects(kernels.nearest(search(x, 3, given)), (error: EquipoiseError) => {
        assert.equal(error.code, code);
        assert.match(error.message, words);
        return true;
      });
    await refused({ labels: new Int32Array(2), among: 'enemies' }, 'ERR_SHAPE', /labels has 2 entries/);
    await refused({ queries: Int32Array.of(0, 3) }, 'ERR_OPTION', /row id from 0 to 2 for nearest\.queries\[1\]/);
    await refused({ queries: Int32Array.of(-1) }, 'ERR_OPTION', /received -1/);
    await refused({ k: NaN }, 'ERR_OPTION', /integer >= 1 for nearest\.k/);
    await refused({ cols: 2 }, 'ERR_SHAPE', /x has 3 entries/);
    await refused({ among: 'friends' as Among }, 'ERR_OPTION', /nearest\.among/);
    const ids = Int32Array.of(0);
    const step = Float32Array.of(0.5);
    const recipe = { x, cols: 1, base: ids, other: ids, step, out: new Float32Array(1) };
    assert.throws(() => kernels.interpolate({ ...recipe, other: Int32Array.of(3) }), /interpolate\.other\[0\]/);
    assert.throws(() => kernels.interpolate({ ...recipe, out: new Float32Array(2) }), { code: 'ERR_SHAPE' });
    assert.throws(() => kernels.interpolate({ ...recipe, threads: 0 }), /interpolate\.threads/);
    const product = { a: x, b: x, c: x, m: 1, n: 1, k: 3, transposeA: false, transposeB: false, alpha: 1, beta: 0 };
    assert.throws(() => kernels.gemm(product), { code: 'ERR_SHAPE', message: /c has 3 entries/ });
  });
}

function assertGemm(kernels: Kernels, form: Omit<GemmInput, 'a' | 'b' | 'c'>) {
  const { m, n, k, transposeA, transposeB, alpha, beta } = form;
  const a = draw('a', m, k, (u) => u - 0.5);
  const b = draw('b', k, n, (u) => u - 0.5);
  // With beta 0 the old content must not be read.
  const before = draw('c', m, n, (u) => (beta === 0 ? NaN : u - 0.5));
  const c = before.slice();
  kernels.gemm({ ...form, a, b, c });
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      const old = beta === 0 ? 0 : beta * (before[i * n + j] as number);
      let sum = 0;
      let size = 0;
      for (let p = 0; p < k; p++) {
        const term =
          (a[transposeA ? p * m + i : i * k + p] as number) * (b[transposeB ? j * k + p : p * n + j] as number);
        sum += term;
        size += Math.abs(term);
      }
      const wanted = alpha * sum + old;
      const budget = 2 * k * 2 ** -24 * (Math.abs(alpha) * size + Math.abs(old)) + 2 ** -24 * Math.abs(wanted);
      const error = Math.abs((c[i * n + j] as number) - wanted);
      assert.ok(error <= budget, `${nameOf(kernels)} ${JSON.stringify(form)} at ${i}, ${j}: off by ${error}`);
    }
}

test('interpolate is bit-equal on every backend', () => {
  for (const [kind, value] of Object.entries(kinds))
    for (const cols of dims) {
      const rows = 40;
      const x = draw(kind, rows, cols, value);
      const recipes = {
        x,
        cols,
        base: drawIds('base', 30, rows),
        other: drawIds('other', 30, rows).reverse(),
        step: draw('step', 30, 1, (u, row) => (row % 7 === 0 ? 0 : u)),
      };
      const wanted = new Float32Array(30 * cols);
      reference.interpolate({ ...recipes, out: wanted });
      for (const kernels of fast) {
        const out = new Float32Array(30 * cols);
        kernels.interpolate({ ...recipes, out });
        assert.deepEqual(bytes(out), bytes(wanted), `${kind}, d = ${cols}, ${nameOf(kernels)}`);
      }
    }
});

test('interpolate into large memory, fresh or used, gives the same bytes for any number of threads', () => {
  // 20 MB: beyond the size from which used memory is written past the cache, and over several huge pages.
  for (const cols of [33, 512]) {
    const rows = 100;
    const count = Math.ceil(5e6 / cols);
    const recipes = {
      x: draw('large', rows, cols, (u) => u - 0.5),
      cols,
      base: drawIds('large base', count, rows),
      other: drawIds('large other', count, rows),
      step: draw('large step', count, 1, (u, row) => (row % 7 === 0 ? 0 : u)),
    };
    const wanted = new Float32Array(count * cols);
    reference.interpolate({ ...recipes, out: wanted });
    for (const kernels of addons)
      for (const [shift, threads] of [
        [0, 1],
        [1, 3],
        [4, 2],
      ] as const) {
        const memory = new Float32Array(count * cols + shift + 1);
        const out = memory.subarray(shift, shift + wanted.length);
        for (const use of ['fresh', 'used']) {
          kernels.interpolate({ ...recipes, threads, out });
          assert.ok(Buffer.from(bytes(out)).equals(bytes(wanted)), `${use}, d = ${cols}, ${nameOf(kernels)}`);
          memory.fill(7);
        }
        assert.equal(memory.at(-1), 7, 'nothing is written behind the rows');
      }
  }
});

test('interpolate reads and writes one buffer', () => {
  for (const kernels of backends) {
    const x = Float32Array.of(0, 4, 0, 0);
    const out = x.subarray(2);
    kernels.interpolate({
      x,
      cols: 1,
      base: Int32Array.of(0, 1),
      other: Int32Array.of(1, 0),
      step: Float32Array.of(0.25, 0.25),
      out,
    });
    assert.deepEqual([...x], [0, 4, 1, 3]);
  }
});

for (const kernels of fast)
  test(`${nameOf(kernels)}: a search leaves the event loop free`, async () => {
    const rows = 6000;
    const x = draw('loop', rows, 64, (u) => u);
    const queries = Int32Array.from({ length: rows }, (_, i) => i);
    let done = false;
    const running = kernels.nearest(search(x, rows, { queries, threads: 1 })).then(() => (done = true));
    await new Promise((resume) => setImmediate(resume));
    assert.equal(done, false, 'the loop turned while the search ran');
    await running;
  });

/** Up to `most` sources an output, with weights of either sign that add up to about one. */
function drawTaps(stream: string, outputs: number, sources: number, most: number): Taps {
  const draws = createRng(7, stream).at(2);
  const taps = {
    first: new Int32Array(outputs),
    count: new Int32Array(outputs),
    weights: new Int32Array(outputs * (most + 1)),
  };
  for (let i = 0; i < outputs; i++) {
    const count = 1 + draws.below(Math.min(most, sources));
    taps.count[i] = count;
    taps.first[i] = i === 0 ? sources - count : draws.below(sources - count + 1);
    for (let j = 0; j < count; j++) taps.weights[i * (most + 1) + j] = ((draws.uniform() * 3 - 1) / count) * 2 ** 22;
  }
  return taps;
}

test('resample is byte-equal on every backend, in any layout, at the edges of the image', async () => {
  for (const channels of [1, 3] as const)
    for (const [height, width, rows, columns] of [
      [1, 1, 1, 1],
      [2, 5, 3, 2],
      [7, 9, 5, 23],
      [40, 33, 17, 70],
    ] as const)
      for (const order of [[0], [0, 0, 0], [2, 1, 0]])
        for (const layout of ['NCHW', 'NHWC']) {
          if (order.includes(2) && channels === 1) continue;
          const outputs = order.length;
          const area = rows * columns;
          const input = {
            pixels: Uint8Array.from(drawIds('pixels', height * width * channels, 256)),
            width,
            height,
            channels,
            across: drawTaps('across', columns, width, 5),
            down: drawTaps('down', rows, height, 4),
            values: draw('values', outputs, 256, (u) => u - 0.5),
            order: Int32Array.from(order),
            start: 2,
            rowStep: layout === 'NCHW' ? columns : columns * outputs,
            pixelStep: layout === 'NCHW' ? 1 : outputs,
            channelStep: layout === 'NCHW' ? area : 1,
          };
          const what = `${height} x ${width} x ${channels} to ${rows} x ${columns} x ${order} ${layout}`;
          const wanted = new Float32Array(area * outputs + 3).fill(7);
          await reference.resample({ ...input, out: wanted });
          assert.deepEqual([wanted[1], wanted.at(-1), wanted.indexOf(7, 2)], [7, 7, wanted.length - 1], what);
          for (const kernels of fast) {
            const out = new Float32Array(wanted.length).fill(7);
            await kernels.resample({ ...input, out });
            assert.deepEqual(bytes(out), bytes(wanted), `${what}, ${nameOf(kernels)}`);
          }
        }
});

test('resample refuses taps and layouts that reach outside', async () => {
  const taps = (first: number, count: number, weight = 1) => ({
    first: Int32Array.of(first),
    count: Int32Array.of(count),
    weights: new Int32Array(2).fill(weight),
  });
  const input = {
    pixels: new Uint8Array(6),
    width: 3,
    height: 2,
    channels: 1 as const,
    across: taps(1, 2),
    down: taps(0, 2),
    values: new Float32Array(256),
    order: Int32Array.of(0),
    out: new Float32Array(1),
    start: 0,
    rowStep: 1,
    pixelStep: 1,
    channelStep: 1,
  };
  for (const kernels of backends) {
    await kernels.resample(input);
    const refused = (change: Partial<typeof input>, words: RegExp) =>
      assert.rejects(kernels.resample({ ...input, ...change }), words);
    await refused({ pixels: new Uint8Array(5) }, /pixels has 5 entries/);
    await refused({ across: taps(2, 2) }, /sources from 0 to 2/);
    await refused({ down: taps(-1, 1) }, /sources from 0 to 1/);
    await refused({ down: taps(0, 2, 2 ** 23) }, /weights of at most/);
    await refused({ order: Int32Array.of(1) }, /resample\.order/);
    await refused({ values: new Float32Array(255) }, /values has 255 entries/);
    await refused({ start: 1 }, /out has 1 entries but number 1 is written/);
  }
});
