import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromArrays } from '../../../src/core/embedding-set.js';
import { generalizationGap } from '../../../src/metric/index.js';

const classNames = ['a', 'b', 'c'];
const setOf = (rows: readonly (readonly number[])[], labels: string[], names = classNames) =>
  fromArrays({ data: Float32Array.from(rows.flat()), shape: [rows.length, rows[0]!.length] }, labels, {
    classNames: names,
  });

const train = setOf(
  [
    [1, 0],
    [3, 2],
    [0, 0],
  ],
  ['a', 'a', 'b'],
);

test('the gap is how far test rows reach outside the box of training rows', () => {
  const test = setOf(
    [
      [0.5, 1],
      [4, 5],
      [0, -0.5],
      [7, 7],
    ],
    ['a', 'a', 'b', 'c'],
  );
  const gap = generalizationGap(train, test);
  // a: column 0 (4 − 3) + (1 − .5) = 1.5, column 1 (5 − 2) + 0 = 3; b: 0 + .5; c has no training rows.
  assert.deepEqual(gap.perClass, [4.5, 0.5, null]);
  assert.deepEqual(gap.perClassAndColumn, [2.25, 0.25, null]);
  assert.equal(gap.mean, 2.5);
});

test('test rows inside the box leave no gap, a class without test rows has none to tell', () => {
  const inside = setOf([[2, 1]], ['a']);
  assert.deepEqual(generalizationGap(train, inside).perClass, [0, null, null]);
});

test('equal counts draw no more test rows than there are training rows', () => {
  const many = setOf(
    Array.from({ length: 50 }, (_, i) => [i, 0]),
    Array.from({ length: 50 }, () => 'b'),
  );
  assert.equal(generalizationGap(train, many).perClass[1], 49);
  // One training row of b at 0: one test row is drawn, and its gap is its own value.
  const drawn = [0, 1, 2, 3].map((seed) => generalizationGap(train, many, { equalCounts: true, seed }).perClass[1]!);
  for (const gap of drawn) assert.ok(Number.isInteger(gap) && gap >= 0 && gap < 50);
  assert.ok(new Set(drawn).size > 1, 'the draw follows the seed');
});

test('sets that do not fit together are refused', () => {
  assert.throws(() => generalizationGap(train, setOf([[1]], ['a'])), { code: 'ERR_SHAPE' });
  assert.throws(() => generalizationGap(train, setOf([[1, 1]], ['a'], ['a', 'c', 'b'])), { code: 'ERR_DATA' });
  assert.throws(() => generalizationGap(train, train, { equalcounts: true }), { code: 'ERR_OPTION' });
});
