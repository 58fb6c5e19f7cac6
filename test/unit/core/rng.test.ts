import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng, philox } from '../../../src/core/rng.js';

/** Published known answers of Philox-4x32-10: the kat_vectors file of Random123 (counter, key, output). */
const KNOWN_ANSWERS: [number[], number[], number[]][] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

test('philox gives the published known answers', () => {
  for (const [counter, key, answer] of KNOWN_ANSWERS) {
    const out = new Uint32Array(4);
    philox(...(counter as [number, number, number, number]), ...(key as [number, number]), out);
    assert.deepEqual([...out], answer);
  }
});

test('a draw depends on seed, stream and index, not on what was drawn before', () => {
  const rng = createRng(7, 'steps');
  const fresh = Array.from({ length: 6 }, () => 0).map((_, i) => rng.at(i).uint32());
  const cursor = rng.cursor();
  for (const i of [5, 0, 3, 1, 4, 2]) {
    assert.equal(cursor.seek(i).uint32(), fresh[i]);
    cursor.normal();
  }
  const others = [createRng(8, 'steps'), createRng(7, 'step'), createRng(7 + 2 ** 32, 'steps'), rng.substream(0)];
  for (const other of others) assert.notEqual(other.at(0).uint32(), fresh[0]);
  assert.notEqual(rng.at(2 ** 32).uint32(), fresh[0], 'an index above 32 bits is another index');
});

test('uniform stays below 1 in float32 and below() stays below its bound', () => {
  const cursor = createRng(0, 'range').cursor();
  const seen = new Set<number>();
  let sum = 0;
  for (let i = 0; i < 20000; i++) {
    cursor.seek(i);
    const step = cursor.uniform();
    sum += step;
    assert.equal(Math.fround(step), step);
    assert.ok(step >= 0 && step < 1);
    const value = cursor.below(7);
    seen.add(value);
    assert.ok(Number.isInteger(value) && value >= 0 && value < 7);
  }
  assert.equal(seen.size, 7);
  // The mean of 20,000 uniforms has standard deviation sqrt(1/12/20000) = 0.002; five of them are 0.0102.
  assert.ok(Math.abs(sum / 20000 - 0.5) < 0.0102);
});

test('normal draws have mean 0 and variance 1', () => {
  const cursor = createRng(0, 'normal').cursor();
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < 20000; i++) {
    const value = cursor.seek(i).normal();
    sum += value;
    squares += value * value;
  }
  // Five standard deviations: 5/sqrt(20000) = 0.035 for the mean, 5·sqrt(2/20000) = 0.05 for the variance.
  assert.ok(Math.abs(sum / 20000) < 0.035);
  assert.ok(Math.abs(squares / 20000 - 1) < 0.05);
});

test('a permutation holds every position once and changes with its index', () => {
  const rng = createRng(3, 'order');
  const order = rng.permutation(100);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );
  assert.deepEqual(rng.permutation(100), order);
  assert.notDeepEqual(rng.permutation(100, 1), order);
});

test('a seed that is no whole number is refused', () => {
  for (const seed of [-1, 1.5, NaN, 2 ** 53]) assert.throws(() => createRng(seed, 's'), { code: 'ERR_OPTION' });
});
