import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imbalancedCounts, makeImbalance } from '../../../src/dataset/index.js';
import { failure } from './temp-folder.js';

const balanced = (rows: number, classes: number) => Int32Array.from({ length: rows }, (_, i) => i % classes);

test('CIFAR-10 at 100:1 has the counts of the literature', () => {
  // 5000 · 0.01^(c / 9), truncated; 12,406 in all.
  const counts = imbalancedCounts(50_000, 10, 'exp', 0.01);
  assert.deepEqual([...counts], [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]);
  assert.equal(
    counts.reduce((sum, n) => sum + n),
    12_406,
  );
});

test('CIFAR-100 at 100:1 has 10,847 rows, 35 classes above 100 and 30 below 20', () => {
  const counts = imbalancedCounts(50_000, 100, 'exp', 0.01);
  assert.equal(
    counts.reduce((sum, n) => sum + n),
    10_847,
  );
  assert.deepEqual([counts[0], counts[99]], [500, 5]);
  assert.equal(counts.filter((n) => n > 100).length, 35);
  assert.equal(counts.filter((n) => n < 20).length, 30);
});

test('step keeps the first half whole and loses no class of an odd number', () => {
  // 35 / 5 = 7 rows a class; floor(5 / 2) = 2 classes whole, the others trunc(7 · 0.3) = 2.
  assert.deepEqual([...imbalancedCounts(35, 5, 'step', 0.3)], [7, 7, 2, 2, 2]);
});

test('rows come class by class, each once, and the seed chooses them', () => {
  const labels = balanced(400, 4);
  const rows = makeImbalance(labels, { kind: 'exp', factor: 0.1, seed: 5 });
  // 100 · 0.1^(c / 3): 100, 46.4, 21.5, 10.
  const counts = [100, 46, 21, 10];
  assert.deepEqual(
    [...rows].map((row) => labels[row]),
    counts.flatMap((n, c) => Array<number>(n).fill(c)),
  );
  assert.equal(new Set(rows).size, 177);
  assert.deepEqual(makeImbalance(labels, { kind: 'exp', factor: 0.1, seed: 5 }), rows);
  assert.notDeepEqual(makeImbalance(labels, { kind: 'exp', factor: 0.1, seed: 6 }), rows);
});

test('factors that leave a class without rows, or are none, are refused', () => {
  // 10 · 0.01^(2 / 3) = 0.46: class 2 is the first to lose its last row.
  assert.throws(() => makeImbalance(balanced(40, 4), { factor: 0.01 }), failure('ERR_DATA', 'class 2'));
  for (const factor of [0, 1.5, NaN])
    assert.throws(() => makeImbalance(balanced(40, 4), { factor }), failure('ERR_OPTION', 'factor'));
  assert.throws(
    () => makeImbalance(balanced(40, 4), { kind: 'linear' as 'exp', factor: 0.5 }),
    failure('ERR_OPTION', 'exp, step'),
  );
});
