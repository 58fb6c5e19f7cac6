/** Methods that look through a step: identities, and slopes by finite differences. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '../../../src/core/rng.js';
import { createHead, type Head } from '../../../src/head/index.js';
import { createLoss } from '../../../src/loss/index.js';
import { lossSlopes } from '../../../src/strategy/curvature.js';
import { trainHead } from '../../../src/strategy/index.js';
import { metaBalanceStep } from '../../../src/strategy/metabalance.js';
import { trainingClouds } from '../train/toy.js';

const train = trainingClouds([14, 6, 4], { distance: 1 });
const rows = 24;
const classes = 3;
const dim = 4;
const bytesOf = ({ head }: { head: Head }) => head.parameters.map(({ data }) => data);

for (const outerSampler of ['random-over-sampling', 'smote', null] as const)
  test(`metabalance with an inner rate of 0 is training on the outer sampler ${outerSampler}`, async () => {
    const shared = { epochs: 4, batchSize: 8, seed: 3 };
    const options = { outerSampler, innerRate: 0, metaOrder: 'second' };
    const meta = await trainHead(train, { strategy: 'metabalance', strategyOptions: options, ...shared });
    const plain = await trainHead(train, { sampler: outerSampler, ...shared });
    // A method makes its steps of other kernels than plain training, which round elsewhere: 12 steps of some 1e-7 each.
    bytesOf(meta).forEach((values, p) =>
      values.forEach((value, j) => assert.ok(Math.abs(value - (bytesOf(plain)[p]?.[j] as number)) < 1e-5)),
    );
    const moved = await trainHead(train, { strategy: 'metabalance', strategyOptions: { outerSampler }, ...shared });
    assert.notDeepEqual(bytesOf(moved), bytesOf(plain));
  });

/** Mean cross-entropy of all rows, and its gradient, of a linear head with these parameters. */
function lossAt(head: Head, values: readonly Float32Array[]) {
  head.parameters.forEach(({ data }, p) => data.set(values[p] as Float32Array));
  const logits = new Float32Array(rows * classes);
  const slope = new Float32Array(rows * classes);
  head.forward(train.embeddings.data, rows, logits);
  const { labels, classCounts } = train;
  const value = createLoss('cross-entropy').evaluate(
    { logits, labels, rows, classes, classCounts, epoch: 0, epochs: 1, step: 0, seed: 0 },
    slope,
  );
  const gradients = values.map(({ length }) => new Float32Array(length));
  head.backward(train.embeddings.data, rows, slope, gradients);
  return { value, gradients };
}

const minus = (a: readonly Float32Array[], b: readonly Float32Array[], factor: number) =>
  a.map((values, p) => values.map((v, j) => v - factor * (b[p]?.[j] as number)));

/** The one step of plain descent at rate 1 is the gradient: what the step method made of inner and outer batches of all rows. */
async function stepGradient(order: 'first' | 'second', innerRate: number, leak = 0) {
  const seed = 5;
  const start = createHead('linear', { inputDim: dim, classes, seed }).parameters.map(({ data }) => data);
  const step = metaBalanceStep({ innerSampler: null, innerBatchSize: rows, innerRate, order, leak });
  const trained = await trainHead(train, {
    step,
    seed,
    epochs: 1,
    batchSize: rows,
    learningRate: 1,
    schedule: 'constant',
    optimizer: { name: 'sgd', momentum: 0, weightDecay: 0 },
  });
  return { start, gradient: minus(start, bytesOf(trained), 1) };
}

test('the first order is the gradient after the inner step', async () => {
  const a = 2;
  const { start, gradient } = await stepGradient('first', a);
  const head = createHead('linear', { inputDim: dim, classes });
  const moved = minus(start, lossAt(head, start).gradients, a);
  const { gradients } = lossAt(head, moved);
  gradient
    .flatMap((g) => [...g])
    .forEach((g, j) => assert.ok(Math.abs(g - (gradients.flatMap((v) => [...v])[j] as number)) < 1e-5));
});

test('the second order is the slope of the loss after the inner step', async () => {
  const a = 2;
  const { start, gradient } = await stepGradient('second', a);
  const head = createHead('linear', { inputDim: dim, classes });
  const lookAhead = (values: readonly Float32Array[]) =>
    lossAt(head, minus(values, lossAt(head, values).gradients, a)).value;
  const h = 1 / 64;
  let firstOrderIsOff = 0;
  const first = (await stepGradient('first', a)).gradient;
  start.forEach((values, p) =>
    values.forEach((w, j) => {
      const at = (shift: number) => {
        const copy = start.map((v) => v.slice());
        (copy[p] as Float32Array)[j] = w + shift;
        return lookAhead(copy);
      };
      const slope = (at(h) - at(-h)) / (2 * h);
      const got = gradient[p]?.[j] as number;
      assert.ok(Math.abs(got - slope) < 2e-3 * Math.max(1, Math.abs(slope)), `${p} ${j}: ${got}, ${slope}`);
      firstOrderIsOff = Math.max(firstOrderIsOff, Math.abs((first[p]?.[j] as number) - slope));
    }),
  );
  assert.ok(firstOrderIsOff > 0.02, 'the test could not tell the orders apart');
});

test('the leak adds its share of the inner gradient', async () => {
  const { start, gradient } = await stepGradient('first', 2, 0.5);
  const { gradient: without } = await stepGradient('first', 2);
  const { gradients } = lossAt(createHead('linear', { inputDim: dim, classes }), start);
  gradient.forEach((values, p) =>
    values.forEach((g, j) =>
      assert.ok(Math.abs(g - (without[p]?.[j] as number) - 0.5 * (gradients[p]?.[j] as number)) < 1e-5),
    ),
  );
});

test('the second order is refused where it would not be exact', async () => {
  const strategyOptions = { metaOrder: 'second' };
  await assert.rejects(trainHead(train, { strategy: 'metabalance', strategyOptions, head: 'mlp', epochs: 1 }), {
    code: 'ERR_OPTION',
    message: /affine/,
  });
});

test('outer batches are gathered into one step', async () => {
  const strategyOptions = { outerBatches: 3 };
  const trained = await trainHead(train, { strategy: 'metabalance', strategyOptions, epochs: 2, batchSize: 8 });
  assert.equal(trained.settings['accumulate'], 3);
});

test('the slope of every row along a direction is that of its loss', () => {
  const draws = createRng(2, 'test/slopes').at(0);
  const head = createHead('cosine', { inputDim: dim, classes, seed: 1 });
  const direction = head.parameters.map(({ data }) => data.map(() => draws.normal()));
  const start = bytesOf({ head }).map((data) => data.slice());
  const size = rows * classes;
  const batch = {
    x: train.embeddings.data,
    rows,
    labels: train.labels,
    logits: new Float32Array(size),
    gradient: new Float32Array(size),
  };
  const slopes = new Float32Array(rows);
  lossSlopes(head, batch, direction, new Float32Array(size), slopes);
  const rowLosses = (step: number) => {
    head.parameters.forEach(({ data }, p) =>
      data.forEach((_, j) => (data[j] = (start[p]?.[j] as number) + step * (direction[p]?.[j] as number))),
    );
    head.forward(batch.x, rows, batch.logits);
    return Array.from(train.labels, (label, i) => {
      const z = batch.logits.subarray(i * classes, (i + 1) * classes);
      return Math.log(z.reduce((sum, v) => sum + Math.exp(v), 0)) - (z[label] as number);
    });
  };
  const h = 1 / 1024;
  const [above, below] = [rowLosses(h), rowLosses(-h)];
  slopes.forEach((slope, i) => {
    const measured = ((above[i] as number) - (below[i] as number)) / (2 * h);
    assert.ok(Math.abs(slope - measured) < 0.02 * Math.max(1, Math.abs(slope)), `${i}: ${slope}, ${measured}`);
  });
});

test('a weighting network that may not learn keeps its weights, one that may moves the head elsewhere', async () => {
  const fit = async (netRate: number) =>
    bytesOf(await trainHead(train, { strategy: 'meta-weight-net', strategyOptions: { netRate }, epochs: 5 }));
  assert.deepEqual(await fit(0), await fit(0));
  assert.notDeepEqual(await fit(0), await fit(0.01));
});

for (const [innerSampler, outerSampler] of [
  ['random-under-sampling', 'all-knn'],
  ['svm-smote', 'random-under-sampling'],
  [{ name: 'borderline-smote', kNeighbors: 2 }, 'smote-enn'],
] as const)
  test(`metabalance takes any pair of samplers: ${JSON.stringify(innerSampler)}, ${outerSampler}`, async () => {
    const set = trainingClouds([60, 20], { distance: 2 });
    const strategyOptions = { innerSampler, outerSampler, innerBatchSize: 24, leak: 0.01 };
    const trained = await trainHead(set, { strategy: 'metabalance', strategyOptions, epochs: 2, batchSize: 16 });
    assert.equal((trained.settings['sampler'] as { name: string }).name, outerSampler);
    assert.deepEqual((trained.settings['step'] as Record<string, unknown>)['innerSampler'], innerSampler);
  });
