import assert from 'node:assert/strict';
import test from 'node:test';
import ndarray from 'ndarray';
import type { EquipoiseError } from '../../../src/core/errors.js';
import { loadKernels, nearest, type NearestOptions } from '../../../src/kernels/index.js';

const line = { data: Float32Array.of(0, 1, 2, 4, 5), shape: [5, 1] };
const labels = [0, 0, 1, 1, 1];

test('nearest answers for every row by default, in (q, k) arrays', async () => {
  const { indices, l2sq } = await nearest(line, labels, { k: 2 });
  assert.deepEqual(indices.shape, [5, 2]);
  // From 1: 0 and 2 tie at distance 1.
  assert.deepEqual([indices.get(1, 0), indices.get(1, 1)], [0, 2]);
  assert.deepEqual([...l2sq.data], [1, 4, 1, 1, 1, 4, 1, 4, 1, 9]);
});

test('nearest needs no labels among all rows, and plain arrays do', async () => {
  const { indices } = await nearest(line, null, {
    k: 1,
    queries: [4, 0],
    kernels: loadKernels({ backend: 'reference' }),
  });
  assert.deepEqual([...indices.data], [3, 1]);
});

test('nearest reads strided views', async () => {
  // Column 1 of a (5, 2) matrix holds the line.
  const wide = ndarray(Float32Array.of(9, 0, 9, 1, 9, 2, 9, 4, 9, 5), [5, 2])
    .hi(5, 2)
    .lo(0, 1);
  const { indices } = await nearest(wide, labels, { k: 2, queries: [0, 1], among: 'enemies' });
  assert.deepEqual([...indices.data], [2, 3, 2, 3]);
});

test('nearest tells progress as events', async () => {
  const events: unknown[] = [];
  await nearest(line, labels, { k: 1, onProgress: (event) => events.push(event) });
  assert.deepEqual(events.at(-1), { stage: 'search', done: 5, total: 5 });
});

const refusals: [string, () => Promise<unknown>, string, RegExp][] = [
  [
    'labels of another length',
    () => nearest(line, [0, 1], { k: 1 }),
    'ERR_SHAPE',
    /labels has 2 entries but embeddings has 5 rows/,
  ],
  [
    'labels that are missing where classes count',
    () => nearest(line, null, { k: 1, among: 'enemies' }),
    'ERR_OPTION',
    /class ids for labels/,
  ],
  ['a label that is no class id', () => nearest(line, [0, 0, 1, 1, 0.5], { k: 1 }), 'ERR_DATA', /labels\[4\]/],
  [
    'no k',
    () => nearest(line, labels, {} as NearestOptions),
    'ERR_OPTION',
    /integer >= 1 for nearest\.k but received nothing/,
  ],
  ['k of NaN', () => nearest(line, labels, { k: NaN }), 'ERR_OPTION', /integer >= 1 for nearest\.k but received NaN/],
  ['k of 0', () => nearest(line, labels, { k: 0 }), 'ERR_OPTION', /nearest\.k/],
  ['threads of 0', () => nearest(line, labels, { k: 1, threads: 0 }), 'ERR_OPTION', /nearest\.threads/],
  [
    'an unknown option',
    () => nearest(line, labels, { k: 1, querys: [0] } as NearestOptions),
    'ERR_OPTION',
    /nearest\.querys\. Did you mean queries/,
  ],
  [
    'a query beyond the rows',
    () => nearest(line, labels, { k: 1, queries: [0, 5] }),
    'ERR_OPTION',
    /row id from 0 to 4 for nearest\.queries\[1\] but received 5/,
  ],
  [
    'a query below the rows',
    () => nearest(line, labels, { k: 1, queries: Int32Array.of(-1) }),
    'ERR_OPTION',
    /received -1/,
  ],
  ['a query of NaN', () => nearest(line, labels, { k: 1, queries: [NaN] }), 'ERR_OPTION', /received NaN/],
  [
    'NaN in the matrix',
    () => nearest({ data: Float32Array.of(0, NaN), shape: [2, 1] }, null, { k: 1 }),
    'ERR_DATA',
    /Row 1 has a non-finite value/,
  ],
  ['an aborted signal', () => nearest(line, labels, { k: 1, signal: AbortSignal.abort() }), 'ERR_ABORTED', /aborted/],
];

for (const [what, call, code, words] of refusals)
  test(`nearest refuses ${what}`, () =>
    assert.rejects(call, (error: EquipoiseError) => {
      assert.equal(error.code, code);
      assert.match(error.message, words);
      return true;
    }));
