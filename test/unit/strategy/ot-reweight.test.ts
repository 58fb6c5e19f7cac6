/** Optimal transport of batches onto class means. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '../../../src/core/rng.js';
import { trainHead } from '../../../src/strategy/index.js';
import { transportWeights } from '../../../src/strategy/ot-reweight.js';
import { sinkhorn } from '../../../src/strategy/sinkhorn.js';
import { trainingClouds } from '../train/toy.js';

const exact = { epsilon: 0.1, tolerance: 1e-12, iterations: 10_000 };
const near = (got: number, wanted: number, within = 1e-6) =>
  assert.ok(Math.abs(got - wanted) < within, `${got} is not ${wanted}`);
const draws = createRng(0, 'test/transport').at(0);
const cost = Float64Array.from({ length: 12 }, () => draws.uniform());
const a = Float64Array.of(0.1, 0.2, 0.3, 0.4);
const b = Float64Array.of(0.5, 0.25, 0.25);

test('the plan of transport has the masses that were asked for', () => {
  const { sources, targets, iterations } = sinkhorn(cost, a, b, exact);
  const plan = (i: number, j: number) =>
    (a[i] as number) *
    (b[j] as number) *
    Math.exp(((sources[i] as number) + (targets[j] as number) - (cost[i * 3 + j] as number)) / exact.epsilon);
  a.forEach((mass, i) =>
    near(
      [0, 1, 2].reduce((sum, j) => sum + plan(i, j), 0),
      mass,
      1e-9,
    ),
  );
  b.forEach((mass, j) =>
    near(
      [0, 1, 2, 3].reduce((sum, i) => sum + plan(i, j), 0),
      mass,
      1e-9,
    ),
  );
  assert.ok(iterations < exact.iterations);
});

test('transport between two pairs of masses', () => {
  // Cost 0 on the diagonal and 1 beside it: by symmetry P is p on it and ½ − p beside, p / (½ − p) = e^(1/ε). For ε = ½ that is
  // e² = 7.389056, p = 0.440399, and the value Σ P (c + ε log(P / ab)) = 2 · 0.059601 + ½ Σ P log 4P:
  // 0.119203 + ½ (0.880797 · log 1.761594 + 0.119203 · log 0.238406) = 0.119203 + ½ (0.498724 − 0.170911) = 0.283109.
  const { value } = sinkhorn(Float64Array.of(0, 1, 1, 0), Float64Array.of(0.5, 0.5), Float64Array.of(0.5, 0.5), {
    ...exact,
    epsilon: 0.5,
  });
  near(value, 0.283109, 2e-6);
});

test('the potentials are how the value changes with the masses', () => {
  const { sources } = sinkhorn(cost, a, b, exact);
  const h = 1e-4;
  const moved = (by: number) => sinkhorn(cost, Float64Array.of(0.1 + by, 0.2, 0.3, 0.4 - by), b, exact).value;
  near((moved(h) - moved(-h)) / (2 * h), (sources[0] as number) - (sources[3] as number), 1e-5);
});

// Class means (1, 0) and (0, 1); class 1 has a quarter of the rows.
const means = Float64Array.of(1, 0, 0, 1);
const weigh = (weightSteps: number, x: number[], labels: number[], beta = 0.9999) => {
  const rows = labels.length;
  const weights = new Float32Array(rows);
  const options = { beta, epsilon: 0.1, weightSteps, weightRate: 1 };
  transportWeights(
    Float32Array.from(means),
    2,
    Int32Array.of(30, 10),
    options,
  )({ x: Float32Array.from(x), rows, labels: Int32Array.from(labels) }, weights);
  return [...weights];
};

test('without a step rows weigh as their classes do, in the mean 1', () => {
  // beta 0.9999 is nearly 1/n: 1 : 3 for two rows of class 0 and one of class 1 are .6, .6, 1.8.
  const wanted = [0.6, 0.6, 1.8];
  weigh(0, [1, 0, 1, 0, 0, 1], [0, 0, 1]).forEach((weight, i) => near(weight, wanted[i] as number, 2e-3));
  assert.deepEqual(weigh(0, [1, 0, 1, 0, 0, 1], [0, 0, 1], 0), [1, 1, 1]);
});

test('rows that look like their class come to weigh more than those that look like another', () => {
  // Rows 0 and 1 are of class 0; row 1 looks like class 1.
  const [typical = 0, stray = 0] = weigh(5, [1, 0, 0.1, 1, 0, 1], [0, 0, 1]);
  assert.ok(typical > 1.2 * stray, `${typical}, ${stray}`);
});

test('the second stage goes on from the first, at its share of the rate', async () => {
  const train = trainingClouds([60, 20, 6]);
  const fit = (strategyOptions: object) => trainHead(train, { strategy: 'ot-reweight', strategyOptions, epochs: 3 });
  const trained = await fit({});
  const [before] = trained.settings['stagesBefore'] as { stage: string; learningRate: number }[];
  assert.equal(before?.stage, 'rows as they are');
  near((trained.settings['learningRate'] as number) / (before?.learningRate ?? 0), 0.1);
  const bytes = async (options: object) => (await fit(options)).head.parameters.map(({ data }) => data);
  const plain = (await trainHead(train, { strategy: 'ce', epochs: 3 })).head.parameters.map(({ data }) => data);
  assert.deepEqual(await bytes({ reweightFactor: 0 }), plain);
  assert.notDeepEqual(await bytes({ prototypeShare: 0 }), await bytes({ prototypeShare: 1 }));
  assert.notDeepEqual(await bytes({ weightRate: 0 }), await bytes({ weightRate: 5 }));
});
