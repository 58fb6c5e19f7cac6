import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromArrays, partOf } from '../../../src/core/embedding-set.js';
import { foldParts, foldsOf } from '../../../src/dataset/index.js';

/** counts[c] labels of each class c, in order. */
const labelsOf = (...counts: number[]) => counts.flatMap((n, c) => Array.from({ length: n }, () => c));

/** Rows of each class in each fold, the last entry those in none. */
function table(labels: readonly number[], folds: Int32Array, k: number): number[][] {
  const classes = Math.max(...labels) + 1;
  const counts = Array.from({ length: k + 1 }, () => Array.from({ length: classes }, () => 0));
  labels.forEach((c, row) => {
    const fold = folds[row] as number;
    (counts[fold < 0 ? k : fold] as number[])[c]!++;
  });
  return counts;
}

test('every fold has its share of every class, to one row', () => {
  const labels = labelsOf(50, 23, 7);
  const counts = table(labels, foldsOf(labels, 3, { folds: 5, seed: 0 }), 5);
  for (const fold of counts.slice(0, 5)) {
    assert.equal(fold[0], 10);
    assert.ok(fold[1] === 4 || fold[1] === 5);
    assert.ok(fold[2] === 1 || fold[2] === 2);
    const total = fold.reduce((a, b) => a + b, 0);
    assert.equal(total, 16, 'what is left over goes where least is');
  }
  assert.deepEqual(counts[5], [0, 0, 0]);
});

test('a class with fewer rows than folds is missing in some, a class of one row trains always', () => {
  const labels = labelsOf(20, 2, 1);
  const counts = table(labels, foldsOf(labels, 3, { folds: 5, seed: 3 }), 5);
  assert.equal(counts.slice(0, 5).filter(([, second]) => second === 1).length, 2);
  assert.deepEqual(counts[5], [0, 0, 1]);
});

test('the seed decides, and nothing else', () => {
  const labels = labelsOf(30, 12);
  const of = (seed: number) => [...foldsOf(labels, 2, { folds: 3, seed })];
  assert.deepEqual(of(1), of(1));
  assert.notDeepEqual(of(1), of(2));
});

test('a group stays whole, and no class lies in one fold alone', () => {
  const labels = labelsOf(24, 8);
  // Groups of four rows of class 0, and two of four rows of class 1.
  const groups = labels.map((_, row) => `g${Math.floor(row / 4)}`);
  const folds = foldsOf(labels, 2, { folds: 4, groups, seed: 0 });
  const foldOf = new Map<string, Set<number>>();
  groups.forEach((group, row) => foldOf.set(group, (foldOf.get(group) ?? new Set()).add(folds[row] as number)));
  for (const seen of foldOf.values()) assert.equal(seen.size, 1);
  assert.notDeepEqual(foldOf.get('g6'), foldOf.get('g7'), 'class 1 trains in every fold');

  const single = foldsOf(labels, 2, { folds: 3, groups: labels.map((c, row) => (c ? 'all' : `g${row}`)), seed: 0 });
  assert.ok(
    labels.every((c, row) => (c === 1) === (single[row] === -1)),
    'a class of one group is never judged',
  );
});

test('augmented rows train with their original and are not judged', () => {
  const labels = [...labelsOf(6, 6), 0, 1];
  const ids = labels.map((_, row) => `r${row}`);
  const parents = labels.map((_, row) => (row === 12 ? 'r0' : row === 13 ? 'r6' : null));
  const set = fromArrays({ data: new Float32Array(14), shape: [14, 1] }, labels, {
    ids,
    parents,
    classNames: ['a', 'b'],
  });
  const folds = foldsOf(labels, 2, { folds: 3, parents: [...labels.map(() => -1).slice(0, 12), 0, 6], seed: 0 });
  assert.equal(folds[12], folds[0]);
  const judged: string[] = [];
  for (let fold = 0; fold < 3; fold++) {
    const { train, validation, test: held } = foldParts(set, folds, fold, { validation: 0.15, seed: 0 });
    assert.deepEqual([partOf(train), partOf(validation), partOf(held)], ['train', 'validation', 'test']);
    assert.equal(held.ids.includes('r0'), !train.ids.includes('r12') && !validation.ids.includes('r0'));
    assert.equal(validation.labels.length, 2);
    assert.ok(!held.ids.includes('r12') && !held.ids.includes('r13'));
    judged.push(...held.ids);
  }
  assert.deepEqual(judged.sort(), ids.slice(0, 12).sort());
});

test('what cannot be folded is refused', () => {
  const refused = (labels: number[], folds: number, groups?: string[]) =>
    assert.throws(() => foldsOf(labels, 2, { folds, seed: 0, ...(groups && { groups }) }), { code: 'ERR_DATA' });
  refused([0, 0, 0], 2);
  refused([0, 0, 1, 1], 5);
  refused([0, 0, 1, 1], 3, ['a', 'a', 'b', 'b']);
  // Two rows of one class and one of the other: that one trains always, so the third fold has nothing.
  refused([0, 0, 1], 3);
});
