import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditLeaks, findDuplicates } from '../../../src/audit/index.js';
import { fromArrays, type FromArraysOptions } from '../../../src/core/embedding-set.js';
import { createRng } from '../../../src/core/rng.js';

const classNames = ['a', 'b'];
const setOf = (rows: readonly (readonly number[])[], prefix: string, options: FromArraysOptions = {}) =>
  fromArrays(
    { data: Float32Array.from(rows.flat()), shape: [rows.length, rows[0]?.length ?? 2] },
    rows.map((_, i) => i % 2),
    { classNames, ids: rows.map((_, i) => `${prefix}${i}`), ...options },
  );
const row = (prefix: string, part: string, i: number) => ({ part, id: `${prefix}${i}`, label: classNames[i % 2] });

test('duplicates inside a set are grouped, with the labels they carry', () => {
  const set = setOf(
    [
      [1, 2],
      [3, 4],
      [1, 2],
      [3, 4],
      [3, 4],
      [5, 6],
    ],
    'r',
  );
  assert.deepEqual(findDuplicates(set), [
    { ids: ['r0', 'r2'], labels: ['a'] },
    { ids: ['r1', 'r3', 'r4'], labels: ['b', 'a'] },
  ]);
  assert.deepEqual(
    findDuplicates(
      setOf(
        [
          [1, 2],
          [2, 1],
        ],
        'r',
      ),
    ),
    [],
  );
});

test('many different rows of whole numbers are told apart', () => {
  const rows = Array.from({ length: 4000 }, (_, i) => [i % 64, Math.floor(i / 64)]);
  assert.deepEqual(findDuplicates(setOf(rows, 'r')), []);
  assert.equal(findDuplicates(setOf([...rows, [5, 5]], 'r')).length, 1);
});

test('a clean split is clean, and duplicates inside one part are no leak', async () => {
  const audit = await auditLeaks({
    train: setOf(
      [
        [1, 2],
        [1, 2],
      ],
      't',
    ),
    validation: setOf([[3, 4]], 'v'),
    test: setOf([], 'x'),
  });
  assert.deepEqual(audit, { duplicates: [], groups: [], parents: [], clean: true });
});

test('an exact duplicate on both sides is a leak', async () => {
  const audit = await auditLeaks({
    train: setOf(
      [
        [1, 2],
        [3, 4],
      ],
      't',
    ),
    test: setOf(
      [
        [5, 6],
        [3, 4],
      ],
      'x',
    ),
  });
  assert.deepEqual(audit.duplicates, [{ rows: [row('t', 'train', 1), row('x', 'test', 1)] }]);
  assert.equal(audit.clean, false);
});

test('a group on both sides is a leak', async () => {
  const audit = await auditLeaks({
    train: setOf(
      [
        [1, 2],
        [3, 4],
      ],
      't',
      { groups: ['anna', 'bert'] },
    ),
    validation: setOf(
      [
        [5, 6],
        [7, 8],
      ],
      'v',
      { groups: ['carl', 'bert'] },
    ),
  });
  assert.deepEqual(audit.groups, [{ shared: 'bert', rows: [row('t', 'train', 1), row('v', 'validation', 1)] }]);
  assert.equal(audit.clean, false);
});

test('an augmented row apart from its parent, or from its sibling, is a leak', async () => {
  const child = await auditLeaks({
    train: setOf(
      [
        [1, 2],
        [3, 4],
      ],
      't',
      { parents: [null, 'x0'] },
    ),
    test: setOf([[5, 6]], 'x'),
  });
  assert.deepEqual(child.parents, [{ shared: 'x0', rows: [row('t', 'train', 1), row('x', 'test', 0)] }]);
  const siblings = await auditLeaks({
    train: setOf([[1, 2]], 't', { parents: ['gone'] }),
    test: setOf([[5, 6]], 'x', { parents: ['gone'] }),
  });
  assert.equal(siblings.parents.length, 1);
  const together = await auditLeaks({
    train: setOf(
      [
        [1, 2],
        [3, 4],
      ],
      't',
      { parents: [null, 't0'] },
    ),
    test: setOf([[5, 6]], 'x'),
  });
  assert.ok(together.clean);
});

test('a synthetic row made of a held-out one is a leak, whichever of its parents that is', async () => {
  const parts = {
    train: setOf(
      [
        [1, 2],
        [3, 4],
        [2, 3],
      ],
      't',
    ),
    test: setOf([[9, 9]], 'x'),
  };
  const made = { id: 't2', base: 't0', step: 0.5 };
  const clean = await auditLeaks(parts, { synthetic: [{ ...made, other: 't1' }] });
  assert.deepEqual([clean.syntheticParents, clean.clean], [[], true]);
  const expected = [{ shared: 'x0', rows: [row('t', 'train', 2), row('x', 'test', 0)] }];
  for (const synthetic of [
    { ...made, other: 'x0' },
    { ...made, base: 'x0', other: 't0' },
    { id: 't2', base: null, other: null, parents: ['t0', 'x0'] },
  ]) {
    const audit = await auditLeaks(parts, { synthetic: [synthetic] });
    assert.deepEqual([audit.syntheticParents, audit.clean], [expected, false]);
  }
  assert.equal((await auditLeaks(parts)).syntheticParents, undefined);
});

test('equal ids of sets that were opened apart are no leak', async () => {
  assert.ok((await auditLeaks({ train: setOf([[1, 2]], 'r'), test: setOf([[3, 4]], 'r') })).clean);
});

test('near duplicates are found within the threshold, against any part', async () => {
  const draws = createRng(1, 'near').at(0);
  const rows = (n: number) => Array.from({ length: n }, () => Array.from({ length: 16 }, () => draws.normal()));
  const [train, validation, held] = [rows(40), rows(20), rows(20)];
  held[3] = train[7]!.map((value, j) => value + (j === 0 ? 0.05 : 0));
  held[4] = [...validation[2]!];
  const split = { train: setOf(train, 't'), validation: setOf(validation, 'v'), test: setOf(held, 'x') };
  const audit = await auditLeaks(split, { nearThreshold: 0.02 });
  assert.equal(audit.duplicates.length, 1);
  // Two rows of 16 standard normals lie about sqrt(2 · 16) = 5.66 apart: 0.05 / 5.66 = 0.0088.
  const [near, ...more] = audit.nearDuplicates!;
  assert.deepEqual(near!.rows, [row('t', 'train', 7), row('x', 'test', 3)]);
  assert.ok(Math.abs(near!.distance! - 0.0088) < 0.002, String(near!.distance));
  assert.deepEqual(more, []);
  assert.deepEqual((await auditLeaks(split, { nearThreshold: 0.005 })).nearDuplicates, []);
});

test('parts of different width and wrong options are refused', async () => {
  const [train, held] = [setOf([[1, 2]], 't'), setOf([[1, 2, 3]], 'x')];
  await assert.rejects(auditLeaks({ train, test: held }), { code: 'ERR_SHAPE' });
  await assert.rejects(auditLeaks({ train }, { nearThreshold: 2 }), { code: 'ERR_OPTION' });
  await assert.rejects(auditLeaks({ train }, { near: 0.1 } as object), { code: 'ERR_OPTION' });
});
