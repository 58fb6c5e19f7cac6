/** Rows with any number of labels: what they may be given as, and what they are refused for. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTraining, brand, fromArrays, selectRows } from '../../../src/core/embedding-set.js';
import { labelsOf } from '../../../src/core/targets.js';
import { split } from '../../../src/dataset/index.js';
import { createSampler, samplers } from '../../../src/sampler/index.js';
import { labelledClouds } from '../train/toy.js';

const x = (rows: number) => ({ data: new Float32Array(rows), shape: [rows, 1] });

test('lists of names, lists of ids and a matrix of 0 and 1 are the same set', () => {
  const names = fromArrays(x(3), [['b', 'a'], [], ['b']]);
  assert.deepEqual(names.classNames, ['a', 'b']);
  assert.deepEqual([...(names.targets ?? [])], [1, 1, 0, 0, 0, 1]);
  const options = { classNames: ['a', 'b'] };
  assert.deepEqual(fromArrays(x(3), [[1, 0], [], [1]], options), names);
  assert.deepEqual(fromArrays(x(3), { data: [1, 1, 0, 0, 0, 1], shape: [3, 2] }, options), names);
  assert.deepEqual(labelsOf(names, 0), ['a', 'b']);
});

test('counts are rows a class, and each row goes by its rarest class, one without any by none', () => {
  // a: rows 0 and 2; b: rows 0, 1, 3; c: row 3.
  const set = fromArrays(x(5), [['a', 'b'], ['b'], ['a'], ['b', 'c'], []]);
  assert.deepEqual([...set.classCounts], [2, 3, 1]);
  assert.deepEqual([...set.labels], [0, 1, 0, 2, 3]);
  const some = selectRows(set, [3, 0]);
  assert.deepEqual([...(some.targets ?? [])], [0, 1, 1, 1, 1, 0]);
  assert.deepEqual([...some.classCounts], [1, 2, 1]);
});

test('labels that do not fit are refused', () => {
  const refused = (labels: Parameters<typeof fromArrays>[1], code: string, message: RegExp, classNames?: string[]) =>
    assert.throws(() => fromArrays(x(2), labels, classNames && { classNames }), { code, message });
  refused([['a'], ['b']], 'ERR_DATA', /Row 1 .* "b"/, ['a']);
  refused([[0], [2]], 'ERR_DATA', /Row 1 .* 2/, ['a', 'b']);
  refused([['a']], 'ERR_SHAPE', /1 entries/);
  refused([['a'], 'b'] as never, 'ERR_DATA', /list of labels for row 1/);
  refused({ data: [0, 1, 2, 0], shape: [2, 2] }, 'ERR_DATA', /Row 1 .* 2 for "0"/);
  refused({ data: [0, 1], shape: [2, 1] }, 'ERR_SHAPE', /\(2, 2\)/, ['a', 'b']);
});

test('a split has rows of every class on both sides, and keeps the labels', () => {
  const set = labelledClouds(200, [0.5, 0.2, 0.05]);
  const parts = split(set, { test: 0.3, validation: 0.2 });
  for (const part of [parts.train, parts.validation, parts.test]) {
    assert.ok(part.classCounts.every((count) => count > 0));
    part.ids.forEach((id, i) => assert.deepEqual(labelsOf(part, i), labelsOf(set, set.ids.indexOf(id))));
  }
  assert.equal(parts.train.ids.length + parts.validation.ids.length + parts.test.ids.length, 200);
});

for (const name of Object.keys(samplers))
  test(`${name} refuses rows with any number of labels`, async () => {
    const train = asTraining(labelledClouds(20, [0.5, 0.2]));
    await assert.rejects(createSampler(name, {}).plan(train), { code: 'ERR_DATA', message: /any number of them/ });
    assert.equal(brand(train, 'test').targets, train.targets);
  });
