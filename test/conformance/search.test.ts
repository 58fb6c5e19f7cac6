/** Every way of finding candidates against the reference: instruction sets times screens times threads, to the byte. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { createRng } from '../../src/core/rng.js';
import { amongChoices, kernelReport, loadKernels, mergeNearest, nearest } from '../../src/kernels/index.js';
import type { Among, Kernels, NearestInput, NearestOutput, NearestRows } from '../../src/kernels/index.js';
import { knownIsas } from '../../src/kernels/load.js';

const reference = loadKernels({ backend: 'reference' });
const isas = kernelReport({ backend: 'addon' }).isas;
const ways: { name: string; kernels: Kernels }[] = knownIsas
  .filter((isa) => isas.includes(isa))
  .flatMap((isa) => {
    const screens =
      kernelReport({ backend: 'addon', isa, screen: 'auto' }).screen === 'off'
        ? (['off'] as const)
        : (['off', 'int8'] as const);
    return screens.map((screen) => ({
      name: `${isa}, screen ${screen}`,
      kernels: loadKernels({ backend: 'addon', isa, screen }),
    }));
  });

const bytes = (array: Int32Array | Float32Array | Float64Array) =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength);

function assertSame(got: NearestOutput, wanted: NearestOutput, what: string) {
  for (const part of ['indices', 'l2sq', 'exact'] as const)
    assert.ok(bytes(got[part]).equals(bytes(wanted[part])), `${part} of ${what}`);
}

async function assertEverywhere(input: NearestInput, what: string) {
  const wanted = await reference.nearest(input);
  for (const { name, kernels } of ways) assertSame(await kernels.nearest(input), wanted, `${what}, ${name}`);
}

/** Rows whose kind decides what is hard about them. */
const kinds: Record<string, (u: () => number, row: number, col: number) => number> = {
  real: (u) => u() - 0.5,
  'of few values': (u) => Math.floor(u() * 3),
  'of which many are equal': (_, row, col) => ((row % 5) * 0.37 + col) % 1,
  'in tight clusters': (u, row, col) => (((row % 3) * 7 + col * 3) % 11) + u() * 1e-3,
  'on a sphere': (u, row, col) => Math.sin(row * 1.7 + col * (1 + (row % 7))) + u() * 1e-6,
  'with one large column': (u, _, col) => (u() - 0.5) * (col === 0 ? 1000 : 1),
  'of any magnitude': (u, row) => (u() - 0.5) * 10 ** ((row % 35) - 17),
  subnormal: (u) => (u() - 0.5) * 1e-41,
  'up to the largest': (u) => (u() - 0.5) * 6.8e38,
  zero: () => 0,
};

function draw(seed: number, kind: string, rows: number, cols: number, scale: number) {
  const draws = createRng(seed, kind).at(0);
  const value = kinds[kind] as (u: () => number, row: number, col: number) => number;
  const u = () => draws.uniform();
  return Float32Array.from({ length: rows * cols }, (_, i) => {
    const number = Math.fround(value(u, Math.floor(i / cols), i % cols) * scale);
    return Number.isFinite(number) ? number : 1;
  });
}

const searches = fc
  .record({
    kind: fc.constantFrom(...Object.keys(kinds)),
    seed: fc.nat(1 << 20),
    rows: fc.integer({ min: 1, max: 150 }),
    cols: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 9, max: 140 })),
    exponent: fc.constantFrom(0, -17, 17),
    classes: fc.integer({ min: 1, max: 160 }),
    among: fc.constantFrom<Among>(...amongChoices),
    k: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 140, max: 160 })),
    threads: fc.integer({ min: 1, max: 3 }),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    to: fc.double({ min: 0, max: 1, noNaN: true }),
    all: fc.boolean(),
  })
  .map(({ kind, seed, rows, cols, exponent, classes, among, k, threads, from, to, all }) => {
    const draws = createRng(seed, 'ids').at(0);
    const [start, end] = [Math.floor(from * rows), Math.floor(to * rows)].sort((a, b) => a - b) as [number, number];
    const input: NearestInput = {
      x: draw(seed, kind, rows, cols, 10 ** exponent),
      rows,
      cols,
      labels: Int32Array.from({ length: rows }, () => draws.below(classes)),
      queries: Int32Array.from({ length: 20 }, () => draws.below(rows)),
      k,
      among,
      threads,
      ...(!all && { within: { start, end } }),
    };
    return { what: `${kind}, ${rows} x ${cols}, k = ${k}, ${among}`, input };
  });

test('nearest is the same to the byte whatever finds the candidates', async () => {
  await fc.assert(
    fc.asyncProperty(searches, ({ what, input }) => assertEverywhere(input, what)),
    { numRuns: 150, seed: 1 },
  );
});

test('rows that an int8 product cannot tell apart keep their order', async () => {
  // In few columns the rounding of one row is along another, so that the bound is nearly reached; rows a little farther than
  // the nearest one from everywhere.
  for (const cols of [2, 3, 5])
    for (let seed = 0; seed < 12; seed++) {
      const draws = createRng(seed, 'bound').at(0);
      const rows = 400;
      const x = Float32Array.from({ length: rows * cols }, () => draws.uniform() - 0.5);
      const queries = Int32Array.from({ length: 28 }, (_, i) => i);
      const labels = new Int32Array(rows);
      await assertEverywhere(
        { x, rows, cols, labels, queries, k: 1 + (seed % 3), among: 'all', threads: 1 },
        `${cols} columns, seed ${seed}`,
      );
    }
});

test('a search that changes from int8 to float32 on the way is exact', async () => {
  // Half of the rows in clusters far narrower than an int8 step: their candidates pass the screen by the thousand.
  const rows = 6000;
  for (const cols of [20, 100]) {
    const draws = createRng(3, 'fallback').at(0);
    const x = Float32Array.from({ length: rows * cols }, (_, i) => {
      const row = Math.floor(i / cols);
      return row % 2 === 0 ? draws.uniform() : (((row % 8) * 5 + (i % cols)) % 7) + 1e-3 * draws.uniform();
    });
    const labels = Int32Array.from({ length: rows }, (_, row) => row % 3);
    const queries = Int32Array.from({ length: 60 }, (_, i) => i);
    for (const among of amongChoices)
      await assertEverywhere({ x, rows, cols, labels, queries, k: 10, among, threads: 2 }, `${cols} columns, ${among}`);
  }
});

const asRows = (found: NearestOutput, count: number, k: number): NearestRows => ({
  indices: ndarray(found.indices, [count, k]),
  l2sq: ndarray(found.l2sq, [count, k]),
  exact: ndarray(found.exact, [count, k]),
});

test('searches over ranges merge to the bytes of one search', async () => {
  await fc.assert(
    fc.asyncProperty(searches, fc.array(fc.nat(150), { maxLength: 4 }), async ({ what, input }, cuts) => {
      const { rows, queries, k } = input;
      const edges = [0, ...cuts.map((cut) => Math.min(cut, rows)).sort((a, b) => a - b), rows];
      const whole = { ...input, within: { start: 0, end: rows } };
      for (const { name, kernels } of ways.slice(0, 2)) {
        const partials: NearestRows[] = [];
        for (let i = 0; i + 1 < edges.length; i++)
          partials.push(
            asRows(
              await kernels.nearest({ ...input, within: { start: edges[i] as number, end: edges[i + 1] as number } }),
              queries.length,
              k,
            ),
          );
        const merged = mergeNearest(partials.reverse());
        assertSame(
          { indices: merged.indices.data, l2sq: merged.l2sq.data, exact: merged.exact.data },
          await reference.nearest(whole),
          `${what} in ranges to ${edges.join(', ')}, ${name}`,
        );
      }
    }),
    { numRuns: 40, seed: 2 },
  );
});

test('sums that only float64 tells apart merge in their order', async () => {
  // From row 0: row 1 is at 1 + 2^-30, which is 1 in float32, and row 2 at 1.
  const x = { data: Float32Array.of(0, 0, 1, 2 ** -15, 1, 0), shape: [3, 2] };
  const of = (start: number, end: number) => nearest(x, null, { queries: [0], k: 1, within: { start, end } });
  const [low, high] = [await of(0, 2), await of(2, 3)];
  assert.equal(low.l2sq.get(0, 0), high.l2sq.get(0, 0));
  assert.equal(low.exact.get(0, 0), 1 + 2 ** -30);
  assert.equal(mergeNearest([low, high]).indices.get(0, 0), 2);
});
