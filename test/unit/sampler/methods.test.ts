import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asTraining, fromArrays, type TrainingSet } from '../../../src/core/embedding-set.js';
import type { ResamplingPlan } from '../../../src/core/plan.js';
import { loadKernels, materialize } from '../../../src/kernels/index.js';
import { generalizationGap } from '../../../src/metric/index.js';
import { createSampler, samplers } from '../../../src/sampler/index.js';

const kernels = loadKernels({ backend: 'reference' });

function training(values: readonly number[], cols: number, labels: readonly string[]): TrainingSet {
  const classNames = [...new Set(labels)].sort();
  const x = { data: Float32Array.from(values), shape: [labels.length, cols] };
  return asTraining(fromArrays(x, labels, { classNames }));
}

/** The different (base, other) pairs that a plan draws. */
function pairs({ recipes: { base, other } }: ResamplingPlan): string[] {
  return [...new Set(Array.from(base, (b, i) => `${b}>${other[i]}`))].sort();
}

/** A plan with one recipe, to execute it by hand. */
function oneRecipe(rows: number, base: number, other: number, step: number): ResamplingPlan {
  const recipes = {
    base: Int32Array.of(base),
    other: Int32Array.of(other),
    step: Float32Array.of(step),
    label: Int32Array.of(0),
  };
  return { sampler: 'by hand', options: {}, originalRows: rows, keep: 'all', recipes, perClass: [] };
}

/** A: 0, 1; B: 2, 4, 5. Nearest two of row 0 (A): rows 1 and 2; of row 1: rows 0 and 2, both at distance 1. */
const line = training([0, 1, 2, 4, 5], 1, ['A', 'A', 'B', 'B', 'B']);

test('eos picks the enemy, not the rank before it', async () => {
  const options = { kNeighbors: 2, samplingStrategy: { A: 202 } };
  const plan = await samplers.eos(options).plan(line, { kernels });
  // Both A rows see one enemy among their two nearest, row 2.
  assert.deepEqual(pairs(plan), ['0>2', '1>2']);
  assert.equal(plan.perClass[0]!.eligibleBases, 2);
  assert.equal(plan.perClass[0]!.fallback, undefined);
});

test('eos with `released` fetches the row one rank nearer than the enemy', async () => {
  const options = { kNeighbors: 2, samplingStrategy: { A: 202 }, released: true };
  // The enemy is at position 1 of the list without self, which is column 1 of the list with self: the nearest row.
  assert.deepEqual(pairs(await samplers.eos(options).plan(line, { kernels })), ['0>1', '1>0']);
});

test('eos with `released` copies the base where the enemy is the nearest row', async () => {
  // A at 0, B at 1, 3 and 4: the one neighbour of row 0 is the enemy, position 0 of the list, where self is column 0.
  const train = training([0, 1, 3, 4], 1, ['A', 'B', 'B', 'B']);
  assert.deepEqual(pairs(await samplers.eos({ kNeighbors: 1, released: true }).plan(train, { kernels })), ['0>0']);
});

test('eos draws enemies of a base alike and steps over the whole way', async () => {
  // A at 0; B at 1, 2, 3, 4: with K = 3 the enemies are rows 1, 2 and 3.
  const train = training([0, 1, 2, 3, 4], 1, ['A', 'B', 'B', 'B', 'B']);
  const { recipes } = await samplers.eos({ kNeighbors: 3, samplingStrategy: { A: 9001 } }).plan(train, { kernels });
  const times = [1, 2, 3].map((row) => recipes.other.filter((other) => other === row).length);
  assert.equal(
    times.reduce((a, b) => a + b),
    9000,
  );
  // Each has 3000 expected with standard deviation sqrt(9000 · 1/3 · 2/3) = 44.7; five of them are 224.
  for (const count of times) assert.ok(Math.abs(count - 3000) < 224, String(times));
  const steps = recipes.step.reduce((a, b) => a + b) / 9000;
  // Mean 1/2, standard deviation 0.2887/sqrt(9000) = 0.00304; five of them are 0.0152.
  assert.ok(Math.abs(steps - 0.5) < 0.0152);
});

test('eos keeps to lambdaMax', async () => {
  const { recipes } = await samplers.eos({ lambdaMax: 0.3, samplingStrategy: { A: 500 } }).plan(line, { kernels });
  assert.ok(Math.max(...recipes.step) < 0.3 && Math.max(...recipes.step) > 0.27);
});

test('the hand example of EOS comes out to the bit', () => {
  const made = (base: number, other: number) =>
    materialize(line, oneRecipe(5, base, other, 0.25), { kernels }).get(5, 0);
  // 0 + .25 · (2 − 0) = 0.5; 1 + .25 · (2 − 1) = 1.25; released, base 0 towards row 1: 0 + .25 · (1 − 0) = 0.25.
  assert.equal(made(0, 2), 0.5);
  assert.equal(made(1, 2), 1.25);
  assert.equal(made(0, 1), 0.25);
});

test('eos widens where no row has an enemy in reach, and says so', async () => {
  // A at 0, 1, 2, 3, B far away: with K = 2 no A row sees B; with 4 every one sees row 4, its fourth nearest.
  const train = training([0, 1, 2, 3, 100, 101, 102, 103, 104], 1, [...'AAAABBBBB']);
  const plan = await samplers.eos({ kNeighbors: 2, samplingStrategy: { A: 104 } }).plan(train, { kernels });
  assert.deepEqual(pairs(plan), ['0>4', '1>4', '2>4', '3>4']);
  const [a] = plan.perClass;
  assert.deepEqual([a!.eligibleBases, a!.kNeighbors], [4, 4]);
  assert.match(a!.fallback!, /no row has an enemy among its 2 nearest: widened to 4/);
});

test('eos takes the nearest enemies wherever they are after five doublings', async () => {
  // 40 rows of A in a row, B far away: 1 · 2^5 = 32 < 39 own rows, so no enemy is ever among the nearest.
  const values = [...Array.from({ length: 40 }, (_, i) => i), ...Array.from({ length: 41 }, (_, i) => 1000 + i)];
  const labels = values.map((value) => (value < 1000 ? 'A' : 'B'));
  const plan = await samplers.eos({ kNeighbors: 1 }).plan(training(values, 1, labels), { kernels });
  assert.deepEqual([...new Set(plan.recipes.other)], [40], 'the enemy nearest to every row');
  assert.equal(plan.perClass[0]!.eligibleBases, 40);
  assert.match(plan.perClass[0]!.fallback!, /among its 1 nearest, nor among 32: moves towards the nearest enemies/);
});

test('eos with reach any makes every row a base and cuts k to the enemies there are', async () => {
  const values = [0, 1, 2, 3, 100, 101, 102, 103, 104];
  const train = training(values, 1, [...'AAAABBBBB']);
  const plan = await samplers
    .eos({ reach: 'any', kNeighbors: 2, samplingStrategy: { A: 204 } })
    .plan(train, { kernels });
  const expected = [0, 1, 2, 3].flatMap((row) => [`${row}>4`, `${row}>5`]);
  assert.deepEqual(pairs(plan), expected);
  assert.equal(plan.perClass[0]!.fallback, undefined);
  const all = await samplers
    .eos({ reach: 'any', kNeighbors: 50, samplingStrategy: { A: 504 } })
    .plan(train, { kernels });
  assert.equal(pairs(all).length, 20, '4 bases times 5 enemies');
  assert.equal(all.perClass[0]!.kNeighbors, 5);
});

test('eos refuses `released` with reach any, which the released code does not have', () => {
  assert.throws(() => samplers.eos({ released: true, reach: 'any' }), { code: 'ERR_OPTION', message: /eos\.released/ });
});

test('smote reaches every own neighbour and no other row', async () => {
  // The worked example: p0 = (0, 0), p1 = (2, 0), p2 = (0, 4), k = 1: p0 > p1, p1 > p0, p2 > p0.
  const train = training([0, 0, 2, 0, 0, 4, 1, 1, 1, 2, 2, 2, 3, 3], 2, [...'AAABBBB']);
  const plan = await samplers.smote({ kNeighbors: 1, samplingStrategy: { A: 103 } }).plan(train, { kernels });
  assert.deepEqual(pairs(plan), ['0>1', '1>0', '2>0']);
  const row = materialize(train, oneRecipe(7, 2, 0, 0.5), { kernels });
  assert.deepEqual([row.get(7, 0), row.get(7, 1)], [0, 2]);
});

test('smote takes an exact duplicate for a neighbour, never the row itself', async () => {
  const train = training([1, 1, 5, 6, 7, 8], 1, [...'AABBBB']);
  const plan = await samplers.smote({ samplingStrategy: { A: 52 } }).plan(train, { kernels });
  assert.deepEqual(pairs(plan), ['0>1', '1>0']);
});

test('smote cuts k to a small class and repeats a single row, and says both', async () => {
  const train = training([0, 1, 2, 9, 10, 11, 12, 13, 14, 15, 16], 1, [...'AAABCCCCCCC']);
  const { perClass, recipes } = await samplers.smote().plan(train, { kernels });
  assert.deepEqual([perClass[0]!.kNeighbors, perClass[0]!.fallback], [2, undefined]);
  assert.match(perClass[1]!.fallback!, /one row: repeated/);
  for (const i of recipes.label.keys())
    if (recipes.label[i] === 1) assert.deepEqual([recipes.base[i], recipes.other[i], recipes.step[i]], [3, 3, 0]);
});

test('random over-sampling repeats rows and reaches all of them', async () => {
  const plan = await createSampler('random-over-sampling', { samplingStrategy: { A: 102 } }).plan(line, { kernels });
  assert.deepEqual(pairs(plan), ['0>0', '1>1']);
  assert.ok(plan.recipes.step.every((step) => step === 0));
});

test('a plan records a strategy given as a function by the totals it made', async () => {
  const plan = await samplers.smote({ samplingStrategy: () => ({ A: 4 }) }).plan(line, { kernels });
  assert.deepEqual(plan.options['samplingStrategy'], { A: 4, B: 3 });
  assert.equal(JSON.parse(JSON.stringify(plan.options)).kNeighbors, 5);
});

test('neighbours are searched once a training set, however many draws follow', async () => {
  let searches = 0;
  const counting = {
    ...kernels,
    nearest: (input: Parameters<typeof kernels.nearest>[0]) => (searches++, kernels.nearest(input)),
  };
  const sampler = samplers.eos();
  for (const draw of [0, 1, 2]) await sampler.plan(line, { kernels: counting, draw });
  assert.equal(searches, 1);
  await sampler.plan(training([0, 1, 2, 4, 5], 1, [...'AABBB']), { kernels: counting });
  assert.equal(searches, 2, 'another set is searched anew');
});

test('the search tells how far it is', async () => {
  const told: { stage: string; done: number; total?: number }[] = [];
  await samplers.eos().plan(line, { kernels, onProgress: (event) => told.push(event) });
  assert.deepEqual(told.at(-1), { stage: 'search', done: 2, total: 2 });
});

const clouds = fc
  .array(
    fc.tuple(
      fc.constantFrom('A', 'B', 'C'),
      fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 2, maxLength: 2 }),
    ),
    {
      minLength: 6,
      maxLength: 30,
    },
  )
  .filter((rows) => new Set(rows.map(([label]) => label)).size === 3);

test('smote leaves the generalization gap exactly as it was and eos never widens it', async () => {
  await fc.assert(
    fc.asyncProperty(clouds, clouds, async (rows, held) => {
      const make = (of: typeof rows) =>
        training(
          of.flatMap(([, xs]) => xs.map((x) => x / 7)),
          2,
          of.map(([label]) => label),
        );
      const [train, test] = [make(rows), make(held)];
      const before = generalizationGap(train, test);
      const smoted = await samplers.smote().fitResample(train, { kernels });
      assert.deepEqual(generalizationGap(smoted, test), before);
      const expanded = generalizationGap(await samplers.eos({ kNeighbors: 3 }).fitResample(train, { kernels }), test);
      for (const [c, gap] of expanded.perClass.entries()) assert.ok(gap! <= before.perClass[c]!);
    }),
    { numRuns: 60, seed: 1 },
  );
});
