/** Who is mixed with whom, and how far. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTraining, fromArrays } from '../../../src/core/embedding-set.js';
import { createRng } from '../../../src/core/rng.js';
import { loadKernels } from '../../../src/kernels/index.js';
import { createMix } from '../../../src/mix/index.js';
import { fitHead, pairings, type Choice } from '../../../src/train/index.js';
import { betaStep, powerStep } from '../../../src/train/pairing.js';
import { resolvePairing } from '../../../src/train/pairings.js';
import { layOutRows, mixRows, type TrainingRows } from '../../../src/train/rows.js';
import { trainingClouds } from './toy.js';

const kernels = loadKernels();
// On a line: class 0 at 0 1 2 3, class 1 at 10 11, class 2 at 100.
const set = asTraining(
  fromArrays({ data: Float32Array.of(0, 1, 2, 3, 10, 11, 100), shape: [7, 1] }, [0, 0, 0, 0, 1, 1, 2], {
    classNames: ['a', 'b', 'c'],
  }),
);
const plain = layOutRows(set, undefined, undefined, kernels);
const everyRow = Int32Array.from({ length: 7 }, (_, i) => i);

async function partnersOf(choice: Choice, table: TrainingRows = plain) {
  const { partner } = await resolvePairing(choice).create({ table, classes: 3, kernels, threads: 1 });
  return (row: number, order = everyRow) => {
    const draws = createRng(0, 'test').at(row);
    return [...new Set(Array.from({ length: 300 }, () => partner(row, order, draws)))].sort((a, b) => a - b);
  };
}

test('random partners are the rows of the epoch', async () => {
  const of = await partnersOf('random');
  assert.deepEqual(of(0, Int32Array.of(2, 5)), [2, 5]);
});

test('class-balanced partners are of every class equally often, whatever the epoch visits', async () => {
  const { partner } = await resolvePairing('class-balanced').create({ table: plain, classes: 3, kernels, threads: 1 });
  const draws = createRng(0, 'test').at(0);
  const counts = [0, 0, 0];
  for (let i = 0; i < 3000; i++) counts[set.labels[partner(0, Int32Array.of(0), draws)] as number]!++;
  // Three standard deviations of 3,000 draws of a third: 77.
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 77, `${counts}`);
});

test('nearest partners are of any class, same-class partners of their own', async () => {
  const near = await partnersOf({ name: 'nearest', kNeighbors: 2 });
  // Row 4 is at 10: nearest 11 (row 5) and 3 (row 3).
  assert.deepEqual(near(4), [3, 5]);
  const own = await partnersOf({ name: 'same-class', kNeighbors: 2 });
  assert.deepEqual(own(4), [5]);
  assert.deepEqual(own(0), [1, 2]);
  // Alone in its class.
  assert.deepEqual(own(6), [6]);
});

test('copies of a row are no neighbours of it', async () => {
  const copies = {
    ...plain,
    count: 8,
    base: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 0),
    label: Int32Array.of(...set.labels, 0),
  };
  const table = { ...copies, other: copies.base, step: new Float32Array(8) };
  const near = await partnersOf({ name: 'nearest', kNeighbors: 1 }, table);
  assert.deepEqual(near(7), [1]);
  assert.deepEqual(near(0), [1]);
});

test('steps follow their distribution', () => {
  const moments = (step: (draws: ReturnType<ReturnType<typeof createRng>['at']>) => number) => {
    const draws = createRng(0, 'test/steps').at(0);
    const values = Array.from({ length: 20_000 }, () => step(draws));
    assert.ok(values.every((value) => value >= 0 && value < 1 && Math.fround(value) < 1));
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length] as const;
  };
  // Beta(a, a): mean ½, variance 1 / (4 (2a + 1)); Beta(a, 1): a / (a + 1), a / ((a + 1)² (a + 2)).
  for (const alpha of [0.2, 1, 4]) {
    const [mean, variance] = moments(betaStep(alpha));
    assert.ok(Math.abs(mean - 0.5) < 0.012 && Math.abs(variance - 0.25 / (2 * alpha + 1)) < 0.005);
    const [towards, spread] = moments(powerStep(alpha));
    assert.ok(Math.abs(towards - alpha / (alpha + 1)) < 0.012);
    assert.ok(Math.abs(spread - alpha / ((alpha + 1) ** 2 * (alpha + 2))) < 0.005);
  }
});

test('steps of a tiny alpha are numbers', () => {
  const draws = createRng(0, 'test/tiny').at(0);
  const step = betaStep(0.01);
  for (let i = 0; i < 1000; i++) assert.ok(Number.isFinite(step(draws)));
});

test('a mixed row lies between two rows, and its label says how far', async () => {
  for (const name of Object.keys(pairings)) {
    const order = Int32Array.of(6, 0, 3, 3);
    const partners = await resolvePairing(name).create({ table: plain, classes: 3, kernels, threads: 1 });
    const mixed = mixRows(plain, order, createMix('mixup'), partners, set.classCounts, createRng(0, 'test').at(0));
    assert.deepEqual(mixed.base, order);
    mixed.other.forEach((partner, i) => {
      assert.equal(mixed.label[i], set.labels[order[i] as number]);
      assert.equal(mixed.otherLabel?.[i], set.labels[partner]);
      assert.ok(Math.abs((mixed.labelWeight?.[i] as number) - (1 - (mixed.step[i] as number))) < 1e-6);
    });
  }
});

test('every pairing trains, is told in the settings, and follows the seed', async () => {
  const train = trainingClouds([40, 10, 1]);
  for (const [name, { options }] of Object.entries(pairings)) {
    const fit = (seed: number) => fitHead(train, { mix: 'remix', pairing: name, epochs: 2, seed });
    const bytes = async (seed: number) => (await fit(seed)).head.parameters.map(({ data }) => data);
    const told = (await fit(0)).settings['pairing'] as Record<string, unknown>;
    assert.deepEqual(Object.keys(told), ['name', ...Object.keys(options)]);
    assert.deepEqual(await bytes(1), await bytes(1));
    assert.notDeepEqual(await bytes(1), await bytes(2));
  }
});

test('a pairing without mixing, and rows that are mixed already, are refused', async () => {
  const train = trainingClouds([40, 10]);
  await assert.rejects(fitHead(train, { pairing: 'random' }), { code: 'ERR_OPTION', message: /needs trainHead.mix/ });
  await assert.rejects(fitHead(train, { mix: 'mixup', pairing: 'nearst' }), { message: /Did you mean nearest/ });
  for (const pairing of Object.keys(pairings))
    await assert.rejects(fitHead(train, { mix: 'mixup', pairing, sampler: 'smote' }), { code: 'ERR_OPTION' });
});
