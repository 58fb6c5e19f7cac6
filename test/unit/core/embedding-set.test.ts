import assert from 'node:assert/strict';
import test from 'node:test';
import { asTraining, brandResampled, changed, fromArrays } from '../../../src/core/embedding-set.js';

const x = { data: new Float32Array(6), shape: [3, 2] };
const isMade = (set: object) => Object.getOwnPropertyDescriptor(set, 'ids')?.get === undefined;

test('ids that nobody gave are row numbers, made when they are asked for', () => {
  const set = fromArrays(x, [0, 1, 1]);
  const train = asTraining(set);
  for (const unread of [set, train, brandResampled(train), changed(train, { weights: new Float32Array(3) })])
    assert.equal(isMade(unread), false);
  assert.deepEqual(train.ids, ['0', '1', '2']);
  assert.equal(train.ids, set.ids, 'once, for all sets of these rows');
  assert.deepEqual({ ...train }.ids, train.ids);
  assert.throws(() => fromArrays(x, [0, 1, 7], { classNames: ['a', 'b'] }), /Row 2 \("2"\) has label 7/);
});

test('ids that are given are copied, and must be unique', () => {
  const ids = ['a', 'b', 'c'];
  const set = fromArrays(x, [0, 1, 1], { ids });
  assert.equal(isMade(set), true);
  ids[0] = 'z';
  assert.deepEqual(set.ids, ['a', 'b', 'c']);
  assert.throws(() => fromArrays(x, [0, 1, 1], { ids: ['a', 'b', 'a'] }), /"a" occurs more than once/);
});
