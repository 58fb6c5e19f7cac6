import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asTraining, brandResampled, fromArrays, partOf } from '../../../src/core/embedding-set.js';
import { split, splitIndices } from '../../../src/dataset/index.js';
import { failure } from './temp-folder.js';

const repeat = (counts: number[]) => counts.flatMap((n, c) => Array<number>(n).fill(c));
const countIn = (rows: Int32Array, labels: number[], classes: number) =>
  Array.from({ length: classes }, (_, c) => rows.filter((row) => labels[row] === c).length);
const parts = ['train', 'test', 'validation'] as const;

function setOf(labels: string[], more: object = {}) {
  return fromArrays(
    { data: new Float32Array(labels.length).map((_, i) => i), shape: [labels.length, 1] },
    labels,
    more,
  );
}

test('seats go by largest remainder, then one to every class with a row to spare', () => {
  const labels = repeat([50, 13, 7, 2, 1]);
  const { test: held, validation, train } = splitIndices(labels, 5, { test: 0.2, validation: 0.1, seed: 3 });
  // test: round(0.2 · 73) = 15 seats; 10, 2.6, 1.4, 0.4, 0.2 → 10 2 1 0 0, two left: .6 → class 1, .4 → class 2 (lower id) → 10 3 2 0 0;
  // class 3 has a row to spare and gets one more.
  assert.deepEqual(countIn(held, labels, 5), [10, 3, 2, 1, 0]);
  // validation: round(7.3) = 7; 5, 1.3, 0.7, 0.2, 0.1 → 5 1 0 0 0, one left: .7 → class 2 → 5 1 1 0 0. Class 3 has no row to spare any more.
  assert.deepEqual(countIn(validation, labels, 5), [5, 1, 1, 0, 0]);
  assert.deepEqual(countIn(train, labels, 5), [35, 9, 4, 1, 1]);
});

test('zero shares give empty parts', () => {
  const labels = repeat([5, 5]);
  const rows = splitIndices(labels, 2, { test: 0, validation: 0, seed: 0 });
  assert.deepEqual([rows.train.length, rows.test.length, rows.validation.length], [10, 0, 0]);
});

test('the seed decides, and nothing else', () => {
  const labels = repeat([40, 40]);
  const at = (seed: number) => splitIndices(labels, 2, { test: 0.25, validation: 0, seed }).test;
  assert.deepEqual(at(1), at(1));
  assert.notDeepEqual(at(1), at(2));
});

test('every row falls in one part, every class that can be is in each', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(4), { minLength: 2, maxLength: 120 }).filter((labels) => new Set(labels).size > 1),
      fc.constantFrom(0, 0.1, 0.25, 0.5),
      fc.constantFrom(0, 0.1, 0.3),
      fc.nat(9),
      (labels, testShare, validationShare, seed) => {
        const rows = splitIndices(labels, 5, { test: testShare, validation: validationShare, seed });
        const all = parts.flatMap((part) => [...rows[part]]);
        assert.deepEqual(
          all.sort((a, b) => a - b),
          [...labels.keys()],
        );
        const counts = countIn(Int32Array.from(labels.keys()), labels, 5);
        for (const [c, n] of counts.entries()) {
          const [train, held, validation] = parts.map((part) => countIn(rows[part], labels, 5)[c] as number);
          if (n > 0) assert.ok((train as number) > 0, 'a training row');
          if (n > 1 && testShare > 0) assert.ok((held as number) > 0, 'a test row');
          if (n > 2 && validationShare > 0) assert.ok((validation as number) > 0, 'a validation row');
          // Largest remainder moves a class by less than one seat, and the minimum gives at most one.
          assert.ok(Math.abs((held as number) - n * testShare) <= 1 || n < 2, `${held} of ${n} at ${testShare}`);
        }
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

test('rows of one group stay together, and no class loses its training rows', () => {
  fc.assert(
    fc.property(
      fc
        .array(fc.tuple(fc.nat(2), fc.nat(12)), { minLength: 6, maxLength: 100 })
        .filter((rows) => new Set(rows.map(([c]) => c)).size > 1),
      fc.nat(9),
      (pairs, seed) => {
        const labels = pairs.map(([c]) => c);
        const groups = pairs.map(([, g]) => `g${g}`);
        const rows = splitIndices(labels, 3, { test: 0.3, validation: 0.2, groups, seed });
        const where = new Map<string, string>();
        for (const part of parts)
          for (const row of rows[part]) {
            const group = groups[row] as string;
            assert.equal(where.get(group) ?? part, part);
            where.set(group, part);
          }
        assert.equal(rows.train.length + rows.test.length + rows.validation.length, labels.length);
        const train = countIn(rows.train, labels, 3);
        for (const c of new Set(labels)) assert.ok((train[c] as number) > 0);
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

test('with groups the shares are approached and rare classes are judged', () => {
  // 60 groups of 5 rows; class 1 occurs in 6 of them, one row each.
  const labels = Array.from({ length: 300 }, (_, i) => (i % 50 === 0 ? 1 : 0));
  const groups = labels.map((_, i) => `p${Math.floor(i / 5)}`);
  const rows = splitIndices(labels, 2, { test: 0.2, validation: 0.1, groups, seed: 0 });
  assert.ok(Math.abs(rows.test.length - 60) <= 5 && Math.abs(rows.validation.length - 30) <= 5);
  for (const part of parts) assert.ok((countIn(rows[part], labels, 2)[1] as number) >= 1, part);
});

test('an augmented row trains with its original or not at all', () => {
  const originals = repeat([20, 20]);
  const labels = [...originals, ...originals, ...originals];
  // Rows 20·2 … are copies; the third round are copies of copies.
  const parents = labels.map((_, row) => (row < 40 ? -1 : row - 40));
  const rows = splitIndices(labels, 2, { test: 0.25, validation: 0.25, parents, seed: 4 });
  for (const row of [...rows.test, ...rows.validation]) assert.ok(row < 40);
  const train = new Set(rows.train);
  for (let row = 40; row < 120; row++) assert.equal(train.has(row), train.has(row % 40));
  assert.deepEqual([rows.test.length, rows.validation.length, rows.train.length], [10, 10, 60]);
});

test('split brands its parts and keeps rows aligned', () => {
  const labels = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b'];
  const made = split(setOf(labels), { test: 0.25, validation: 0.25, seed: 0 });
  assert.deepEqual([made.train, made.validation, made.test].map(partOf), ['train', 'validation', 'test']);
  for (const part of [made.train, made.validation, made.test])
    part.ids.forEach((id, row) => {
      assert.equal(part.embeddings.get(row, 0), Number(id));
      assert.equal(part.classNames[part.labels[row] as number], labels[Number(id)]);
    });
  assert.deepEqual([...made.test.classCounts], [1, 1]);
});

test('split takes groups and originals from the set', () => {
  const labels = Array.from({ length: 40 }, (_, i) => (i % 2 ? 'a' : 'b'));
  const groups = labels.map((_, i) => `g${i >> 2}`);
  const { train, test: held } = split(setOf(labels, { groups }), { test: 0.3, validation: 0 });
  assert.deepEqual(
    held.groups?.filter((group) => train.groups?.includes(group)),
    [],
  );
  const parents = labels.map((_, i) => (i < 20 ? null : String(i - 20)));
  const augmented = split(setOf(labels, { parents }), { test: 0.3, validation: 0 });
  assert.ok(augmented.test.parents?.every((parent) => parent === null));
  const orphan = labels.map((_, i) => (i === 3 ? 'gone' : null));
  assert.throws(() => split(setOf(labels, { parents: orphan })), failure('ERR_DATA', '"gone"', 'row 3'));
});

test('one class only is refused', () => {
  assert.throws(() => split(setOf(['a', 'a', 'a'])), failure('ERR_DATA', 'at least two classes', 'only class 0'));
  assert.throws(() => splitIndices([], 2, { test: 0.2, validation: 0, seed: 0 }), failure('ERR_DATA', 'no rows'));
});

test('held-out and resampled rows are refused, training rows are not', () => {
  const set = setOf(['a', 'a', 'b', 'b']);
  assert.throws(() => split(brandResampled(set)), failure('ERR_DATA', 'resampled rows'));
  assert.throws(() => split(split(set).test), failure('ERR_DATA', 'the test part'));
  assert.equal(partOf(split(asTraining(set)).train), 'train');
});

test('shares outside their range, unknown options and arrays of another length are refused', () => {
  const set = setOf(['a', 'a', 'b', 'b']);
  assert.throws(() => split(set, { test: 1 }), failure('ERR_OPTION', 'split.test'));
  assert.throws(() => split(set, { test: 0.6, validation: 0.4 }), failure('ERR_OPTION', '< 1'));
  assert.throws(() => split(set, { test: NaN }), failure('ERR_OPTION', 'NaN'));
  assert.throws(() => split(set, { tset: 0.2 } as object), failure('ERR_OPTION', 'split.tset', 'Did you mean test?'));
  assert.throws(() => split(set, { groups: ['x'] }), failure('ERR_SHAPE', 'groups has 1', '4 rows'));
});

test('parents in a circle are refused', () => {
  assert.throws(
    () => splitIndices([0, 1, 0, 1], 2, { test: 0.5, validation: 0, parents: [2, -1, 0, -1], seed: 0 }),
    failure('ERR_DATA', 'circle'),
  );
});
