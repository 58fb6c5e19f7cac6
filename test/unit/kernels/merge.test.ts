import assert from 'node:assert/strict';
import test from 'node:test';
import { mergeNearest, nearest, type NearestOptions, type NearestRows } from '../../../src/kernels/index.js';

const line = { data: Float32Array.of(0, 1, 2, 4, 5), shape: [5, 1] };
const search = (options: Partial<NearestOptions>) => nearest(line, null, { queries: [0, 3], k: 2, ...options });

test('a range keeps the ids of the whole and excludes the rest', async () => {
  const { indices, l2sq, exact } = await search({ within: { start: 2, end: 4 } });
  // From 0: 2 and 4 are in the range. From 4: itself is not counted, so 2 alone.
  assert.deepEqual([...indices.data], [2, 3, 2, -1]);
  assert.deepEqual([...l2sq.data], [4, 16, 4, Infinity]);
  assert.deepEqual([...exact.data], [4, 16, 4, Infinity]);
});

test('an empty range finds nothing', async () => {
  const { indices } = await search({ within: { start: 5, end: 5 } });
  assert.deepEqual([...indices.data], [-1, -1, -1, -1]);
});

test('merged ranges answer like one search', async () => {
  const parts = [await search({ within: { start: 3, end: 5 } }), await search({ within: { start: 0, end: 3 } })];
  const merged = mergeNearest(parts);
  // From 0: 1 at 1, 2 at 4. From 4: 5 at 1, 2 at 4.
  assert.deepEqual([...merged.indices.data], [1, 2, 4, 2]);
  assert.deepEqual([...merged.l2sq.data], [1, 4, 1, 4]);
});

const refusals: [string, () => Promise<unknown>, string, RegExp][] = [
  ['nothing', async () => mergeNearest([]), 'ERR_OPTION', /at least one result/],
  [
    'results for another k',
    async () => mergeNearest([await search({}), await search({ k: 1 })]),
    'ERR_SHAPE',
    /partials\[1\] is of 2 x 1 neighbours but partials\[0\] of 2 x 2/,
  ],
  [
    'results that overlap',
    async () => mergeNearest([await search({}), await search({ within: { start: 0, end: 2 } })]),
    'ERR_DATA',
    /Row 1 is a neighbour of query 0 in two results/,
  ],
  [
    'rows of another kind',
    async () => {
      const { indices, l2sq } = await search({});
      return mergeNearest([{ indices, l2sq } as NearestRows]);
    },
    'ERR_OPTION',
    /a result of nearest for partials\[0\]/,
  ],
];
for (const [what, call, code, words] of refusals)
  test(`mergeNearest refuses ${what}`, () => assert.rejects(call, { code, message: words }));

test('nearest refuses a range beyond the rows', async () => {
  await assert.rejects(search({ within: { start: 0, end: 6 } }), {
    code: 'ERR_OPTION',
    message: /a row from 0 to 5 for nearest\.within\.end but received 6/,
  });
  await assert.rejects(search({ within: { start: -1, end: 2 } }), { code: 'ERR_OPTION', message: /within\.start/ });
  await assert.rejects(search({ within: { from: 1 } as never }), {
    code: 'ERR_OPTION',
    message: /\{ start, end \} for nearest\.within/,
  });
});
