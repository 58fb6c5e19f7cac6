/** The over-samplers on sets small enough to follow by hand, and the laws of their draws. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTraining, fromArrays, type TrainingSet } from '../../../src/core/embedding-set.js';
import type { ResamplingPlan } from '../../../src/core/plan.js';
import { createRng } from '../../../src/core/rng.js';
import { loadKernels, materialize } from '../../../src/kernels/index.js';
import { createSampler, provenance, samplers, type Sampler } from '../../../src/sampler/index.js';

const kernels = loadKernels({ backend: 'reference' });
const plan = (sampler: Sampler, train: TrainingSet) => sampler.plan(train, { kernels });

function training(values: readonly number[], cols: number, labels: readonly string[], columns?: object[]): TrainingSet {
  const classNames = [...new Set(labels)].sort();
  const x = { data: Float32Array.from(values), shape: [labels.length, cols] };
  return asTraining(fromArrays(x, labels, { classNames, ...(columns && { columns: columns as never }) }));
}

function count(values: Iterable<number | string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

const pairs = ({ recipes: { base, other } }: ResamplingPlan): string[] =>
  Array.from(base, (row, i) => `${row}>${other[i]}`);

/**
 * Chi-square of counts that should be alike, against the value that chance exceeds once in a thousand (Wilson and Hilferty's
 * approximation; 3.0902 is that quantile of the normal distribution).
 */
function assertUniform(counts: Record<string, number>, kinds: number): void {
  const values = Object.values(counts);
  const expected = values.reduce((a, b) => a + b, 0) / kinds;
  assert.equal(values.length, kinds);
  const chi = values.reduce((sum, value) => sum + (value - expected) ** 2 / expected, 0);
  const df = kinds - 1;
  const limit = df * (1 - 2 / (9 * df) + 3.0902 * Math.sqrt(2 / (9 * df))) ** 3;
  assert.ok(chi < limit, `chi-square ${chi} is above ${limit}`);
}

/** Kolmogorov–Smirnov against a distribution, at one in a thousand: 1.95 / √n. */
function assertDistribution(values: ArrayLike<number>, cdf: (value: number) => number): void {
  const sorted = Float64Array.from(values).sort();
  let widest = 0;
  sorted.forEach((value, i) => {
    const at = cdf(value);
    widest = Math.max(widest, at - i / sorted.length, (i + 1) / sorted.length - at);
  });
  assert.ok(widest < 1.95 / Math.sqrt(sorted.length), `${widest} from the distribution with ${sorted.length} values`);
}

const uniform = (value: number) => value;

/** Ten rows of A and fifteen of B, overlapping. */
const overlapping = training(
  Array.from({ length: 50 }, (_, i) => createRng(5, 'overlapping').at(i).normal() + (i % 2 === 0 && i < 20 ? 0.5 : 0)),
  2,
  Array.from({ length: 25 }, (_, i) => (i < 10 ? 'A' : 'B')),
);

test('smote draws bases, neighbours and steps alike', async () => {
  const made = await plan(samplers.smote({ kNeighbors: 3, samplingStrategy: { A: 6010 } }), overlapping);
  assertUniform(count(made.recipes.base), 10);
  assertUniform(count(pairs(made)), 30);
  assertDistribution(made.recipes.step, uniform);
});

test('copies, bases in danger, shares of adasyn and enemies of eos are drawn alike, and steps over the whole way', async () => {
  const samplingStrategy = { A: 6010 };
  const copies = await plan(samplers['random-over-sampling']({ samplingStrategy }), overlapping);
  assertUniform(count(copies.recipes.base), 10);

  const border = await plan(samplers['borderline-smote']({ kNeighbors: 3, samplingStrategy }), overlapping);
  const bases = border.perClass[0]!.eligibleBases as number;
  assertUniform(count(border.recipes.base), bases);
  // Each of the bases has three neighbours of its class.
  assertUniform(count(pairs(border)), 3 * bases);
  assertDistribution(border.recipes.step, uniform);

  // How many samples a base gets is no draw; which of its neighbours each goes to is one.
  const adaptive = await plan(samplers.adasyn({ kNeighbors: 3, samplingStrategy }), overlapping);
  for (const base of new Set(adaptive.recipes.base))
    assertUniform(count(pairs(adaptive).filter((pair) => pair.startsWith(`${base}>`))), 3);
  assertDistribution(adaptive.recipes.step, uniform);

  const frontier = await plan(samplers.eos({ kNeighbors: 5, samplingStrategy }), overlapping);
  assertUniform(count(frontier.recipes.base), frontier.perClass[0]!.eligibleBases as number);
  for (const base of new Set(frontier.recipes.base)) {
    const enemies = count(pairs(frontier).filter((pair) => pair.startsWith(`${base}>`)));
    if (Object.keys(enemies).length > 1) assertUniform(enemies, Object.keys(enemies).length);
  }
  assertDistribution(frontier.recipes.step, uniform);
});

test('random under-sampling leaves every row of a class as often', async () => {
  const counts: Record<string, number> = {};
  const sampler = samplers['random-under-sampling']({ samplingStrategy: { B: 3 } });
  for (let draw = 0; draw < 400; draw++)
    for (const row of (await sampler.plan(overlapping, { kernels, draw })).keep as Int32Array)
      if (row >= 10) counts[row] = (counts[row] ?? 0) + 1;
  assertUniform(counts, 15);
});

test('borderline-smote tells noise, danger and safe apart', async () => {
  // On a line, m = 4. A at 0 sees 1, 2, 3 (A) and 4 (B): one enemy, safe. A at 3 sees 2, 1 and 4, 5: two, danger. A at 30 sees only B.
  // A at 1 (2, 0, 3, 4) and at 2 (1, 3, 0, 4) see one enemy each, too.
  const values = [0, 1, 2, 3, 30, 4, 5, 28, 29, 31, 32];
  const train = training(values, 1, [...'AAAAABBBBBB']);
  const sampler = samplers['borderline-smote']({ mNeighbors: 4, kNeighbors: 2, samplingStrategy: { A: 105 } });
  const made = await plan(sampler, train);
  assert.equal(made.perClass[0]!.eligibleBases, 1);
  assert.deepEqual(Object.keys(count(pairs(made))).sort(), ['3>1', '3>2']);
});

test('borderline-smote of kind 2 goes less than half of the way towards another class, and all of it inside its own', async () => {
  const sampler = samplers['borderline-smote']({
    kind: 2,
    mNeighbors: 6,
    kNeighbors: 4,
    samplingStrategy: { A: 6010 },
  });
  const { recipes } = await plan(sampler, overlapping);
  const steps = (enemy: boolean) =>
    recipes.step.filter((_, i) => (overlapping.labels[recipes.other[i]!] === 1) === enemy);
  assertDistribution(steps(false), uniform);
  // The product of two uniform draws, halved: P(u v / 2 <= t) = z − z ln z with z = 2 t.
  assertDistribution(steps(true), (t) => (t === 0 ? 0 : 2 * t - 2 * t * Math.log(2 * t)));
  assert.ok(Math.max(...steps(true)) < 0.5);
});

test('borderline-smote without a row in danger is smote, and says so', async () => {
  const train = training([0, 1, 2, 3, 100, 101, 102, 103, 104], 1, [...'AAAABBBBB']);
  const made = await plan(samplers['borderline-smote']({ mNeighbors: 2 }), train);
  assert.match(made.perClass[0]!.fallback!, /no row is in danger: every row is a base, as in smote/);
  assert.equal(made.recipes.base.length, 1);
});

test('adasyn shares by the enemies around a row, halves to the even number', async () => {
  const a = [0, 10, 12, 13, 14];
  const b = [0.5, 0.6, 0.7, 9, 60, 61, 62, 63, 64, 65, 66, 67, 68];
  const train = training([...a, ...b], 1, [...'AAAAA', ...b.map(() => 'B')]);
  // k = 4. Row 0 sees 0.5, 0.6, 0.7 and 9: four enemies. The rows at 10, 12, 13 and 14 see each other and 9: one. Σ = 8.
  const times = async (wanted: number) => {
    const made = await plan(samplers.adasyn({ kNeighbors: 4, samplingStrategy: { A: 5 + wanted } }), train);
    assert.equal(made.perClass[0]!.after, 5 + made.recipes.base.length);
    return count(made.recipes.base);
  };
  // 8 wanted: 4 and four times 1. 12: 6 and four times 1.5, which is 2. 4: 2 and four times 0.5, which is 0.
  assert.deepEqual(await times(8), { 0: 4, 1: 1, 2: 1, 3: 1, 4: 1 });
  assert.deepEqual(await times(12), { 0: 6, 1: 2, 2: 2, 3: 2, 4: 2 });
  assert.deepEqual(await times(4), { 0: 2 });
});

test('adasyn draws in proportion where every share rounds to nothing, and is smote where there is no enemy', async () => {
  // Six rows of A, each with one enemy among its two nearest: a share of 1/6 of two wanted rounds to 0.
  const values = [0, 10, 20, 30, 40, 50].flatMap((at) => [at, at + 1]);
  const train = training([...values, 100, 101], 1, [...'ABABABABABABBB']);
  const few = await plan(samplers.adasyn({ kNeighbors: 1 }), train);
  assert.equal(few.recipes.base.length, 2);
  assert.match(few.perClass[0]!.fallback!, /2 rows are too few to give every base its rounded share/);
  const apart = training([0, 1, 2, 100, 101, 102, 103], 1, [...'AAABBBB']);
  const none = await plan(samplers.adasyn({ kNeighbors: 2 }), apart);
  assert.match(none.perClass[0]!.fallback!, /no row has another class among its 2 nearest/);
});

test('safe-level-smote keeps to the safer end', async () => {
  // k = 2 on a line: A at 0, 1, 3; B at 4, 5, 6, 7. Levels: 0 sees 1, 3: 2. 1 sees 0, 3: 2. 3 sees 4 (B) and 1 (A; 5 is as far, with a
  // higher id): 1. 4 (B) sees 3 (A) and 5: 1.
  const train = training([0, 1, 3, 4, 5, 6, 7], 1, [...'AAABBBB']);
  const { recipes, perClass } = await plan(
    samplers['safe-level-smote']({ kNeighbors: 2, samplingStrategy: { A: 6003 } }),
    train,
  );
  assert.equal(perClass[0]!.eligibleBases, 3);
  const steps: Record<string, number[]> = {};
  recipes.step.forEach((step, i) => (steps[`${recipes.base[i]}>${recipes.other[i]}`] ??= []).push(step));
  assertUniform(Object.fromEntries(Object.entries(steps).map(([pair, of]) => [pair, of.length])), 6);
  for (const alike of ['0>1', '1>0', '2>3']) assertDistribution(steps[alike]!, uniform);
  // From level 2 to level 1: at most half of the way. From 1 to 2: at least half.
  for (const pair of ['0>2', '1>2']) assertDistribution(steps[pair]!, (t) => 2 * t);
  assertDistribution(steps['2>1']!, (t) => 2 * t - 1);
});

test('safe-level-smote copies the base beside noise, and never starts from noise itself', async () => {
  // k = 1. A at 0 sees 1 (A): level 1. A at 1 sees 0: 1. A at 50 sees only B at 51: level 0, no base.
  const train = training([0, 1, 50, 51, 52, 53, 54], 1, [...'AAABBBB']);
  const made = await plan(samplers['safe-level-smote']({ kNeighbors: 1, samplingStrategy: { A: 203 } }), train);
  assert.deepEqual(Object.keys(count(pairs(made))).sort(), ['0>1', '1>0']);
  // k = 2: row 1 at 1 sees 0 (A) and B at 2.25, which sees 2.5 and 2.75 (B) only: level 0, so the step is 0.
  const noisy = training([0, 1, 2.25, 2.5, 2.75, 3], 1, [...'AABBBB']);
  const { recipes } = await plan(samplers['safe-level-smote']({ kNeighbors: 2, samplingStrategy: { A: 202 } }), noisy);
  const beside = [...recipes.step].filter((_, i) => recipes.other[i]! >= 2);
  assert.ok(beside.length > 0 && beside.every((step) => step === 0));
});

test('soft-smote shares the label by the step, by a rule, or not at all', async () => {
  const options = { kNeighbors: 8, samplingStrategy: { A: 410 } };
  const soft = (await plan(samplers['soft-smote'](options), overlapping)).recipes;
  soft.labelWeight!.forEach((weight, i) => assert.equal(weight, Math.fround(1 - soft.step[i]!)));
  assert.deepEqual(Object.keys(count(soft.otherLabel!)), ['0', '1']);
  const hard = (await plan(samplers['soft-smote']({ ...options, mix: 'hard' }), overlapping)).recipes;
  assert.ok(hard.labelWeight!.every((weight) => weight === 1));
  assert.deepEqual([hard.base, hard.other, hard.step], [soft.base, soft.other, soft.step]);
  // Remix with kappa 1.2: B is 1.5 times as frequent, so its share goes to A while the step is below 0.5.
  const mix = { name: 'remix', kappa: 1.2 } as const;
  const remixed = (await plan(samplers['soft-smote']({ ...options, mix }), overlapping)).recipes;
  remixed.labelWeight!.forEach((weight, i) => {
    const step = remixed.step[i]!;
    const isOther = remixed.otherLabel![i] === 1;
    assert.equal(weight, isOther && step < 0.5 ? 1 : Math.fround(1 - step));
  });
});

test('soft-smote with partners of the same class is smote, and with random ones reaches every row', async () => {
  const samplingStrategy = { A: 5010 };
  const same = await plan(
    samplers['soft-smote']({ kNeighbors: 3, partners: 'same-class', samplingStrategy }),
    overlapping,
  );
  const plain = await plan(samplers.smote({ kNeighbors: 3, samplingStrategy }), overlapping);
  assert.deepEqual(Object.keys(count(pairs(same))).sort(), Object.keys(count(pairs(plain))).sort());
  const random = await plan(samplers['soft-smote']({ partners: 'random', samplingStrategy }), overlapping);
  assertUniform(count(random.recipes.other), 25);
});

test('soft-smote refuses a rule that is not there, and options that the rule has not', () => {
  assert.throws(() => samplers['soft-smote']({ mix: 'mixdown' as never }), {
    code: 'ERR_OPTION',
    message: /soft-smote\.mix/,
  });
  assert.throws(() => samplers['soft-smote']({ mix: { name: 'remix', kapa: 2 } }), {
    code: 'ERR_OPTION',
    message: /remix\.kapa\. Did you mean kappa/,
  });
});

test('the smoothed bootstrap puts normal noise around its base', async () => {
  // d = 2, n = 100: h = (4 / (4 · 100))^(1/6) = 0.46416. Class A: column 0 is −1 or 1 (deviation 1), column 1 constant.
  const values = Array.from({ length: 100 }, (_, i) => [i % 2 === 0 ? 1 : -1, 7]).flat();
  const train = training(
    values,
    2,
    Array.from({ length: 100 }, (_, i) => (i < 20 ? 'A' : 'B')),
  );
  const sampler = createSampler('random-over-sampling', {
    shrinkage: { A: 0.5 },
    samplingStrategy: { A: 4020, B: 90 },
  });
  const { extra, recipes } = await plan(sampler, train);
  assert.deepEqual([extra!.labels.length, recipes.base.length], [4000, 10], 'B, which is not named, is copied');
  const noise = extra!.parents.map(([base], i) => extra!.embeddings.get(i, 0) - train.embeddings.get(base!, 0));
  assertUniform(count(extra!.parents.map(([base]) => base!)), 20);
  // The normal distribution by the error function's series (Abramowitz and Stegun 7.1.26, error below 1.5e-7).
  const normalCdf = (z: number) => {
    const t = 1 / (1 + (0.3275911 * Math.abs(z)) / Math.SQRT2);
    const tail =
      t *
      (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
      Math.exp((-z * z) / 2);
    return z > 0 ? 1 - tail / 2 : tail / 2;
  };
  assertDistribution(noise, (value) => normalCdf(value / (0.5 * 0.46416)));
  for (let i = 0; i < 4000; i++) assert.equal(extra!.embeddings.get(i, 1), 7);
});

test('random over-sampling refuses a shrinkage for a class that is not there', async () => {
  const sampler = createSampler('random-over-sampling', { shrinkage: { C: 1 } });
  await assert.rejects(plan(sampler, overlapping), { code: 'ERR_OPTION', message: /"C"/ });
});

test('svm-smote goes outwards from safe support vectors, away from the neighbour, and inwards from those in danger', async () => {
  const { recipes, extra } = await plan(
    samplers['svm-smote']({ mNeighbors: 3, samplingStrategy: { A: 2010 } }),
    overlapping,
  );
  assert.ok(recipes.base.length > 0 && extra!.labels.length > 0);
  assertDistribution(recipes.step, uniform);
  const at = (row: number, j: number) => overlapping.embeddings.get(row, j);
  const steps = extra!.parents.map(([base, other], i) => {
    const [x, y] = [0, 1].map((j) => (extra!.embeddings.get(i, j) - at(base!, j)) / (at(base!, j) - at(other!, j)));
    assert.ok(Math.abs(x! - y!) < 1e-4, 'on the line through both');
    return Math.max(0, x!);
  });
  assertDistribution(steps, (t) => Math.min(1, 2 * t));
});

test('svm-smote without a support vector but noise is smote, and says so', async () => {
  const train = training([0, 100, 1, -1, 2, 99, 101, 102, 98], 1, [...'AABBBBBBB']);
  const { perClass } = await plan(samplers['svm-smote']({ mNeighbors: 2 }), train);
  assert.match(perClass[0]!.fallback!, /only other classes around it/);
});

test('kmeans-smote stays inside clusters with enough of the class, and shares by sparsity', async () => {
  // Two groups of A, far apart: pairs 1 apart, and 4 apart; B with them. Exponent 1: sparsity d̄ / n with n = 3 in each:
  // mean distances 4/3 and 16/3, shares 1/5 and 4/5 of the 10 wanted.
  const values = [
    0,
    1,
    2,
    1000,
    1004,
    1008,
    ...Array.from({ length: 16 }, (_, i) => (i < 8 ? 0.5 + i / 9 : 1003 + i / 9)),
  ];
  const train = training(
    values,
    1,
    values.map((_, i) => (i < 6 ? 'A' : 'B')),
  );
  const sampler = samplers['kmeans-smote']({ clusters: 2, clusterBalanceThreshold: 0.2, densityExponent: 1 });
  const made = await plan(sampler, train);
  assert.deepEqual(count([...made.recipes.base].map((row) => (row < 3 ? 'near' : 'far'))), { near: 2, far: 8 });
  made.recipes.base.forEach((base, i) => assert.equal(base < 3, made.recipes.other[i]! < 3));
  assert.equal(made.perClass[0]!.eligibleBases, 6);
  const strict = await plan(samplers['kmeans-smote']({ clusters: 2, clusterBalanceThreshold: 0.3 }), train);
  assert.match(strict.perClass[0]!.fallback!, /no cluster has more than 2 of its rows as 30\.0 % of all/);
});

/** A number, a colour one-hot, a size as codes 10 and 20. Class A is rows 0 to 3. */
const columns = [
  { name: 'weight', kind: 'numeric' },
  { name: 'red', kind: 'one-hot', source: 'colour', level: 'red' },
  { name: 'blue', kind: 'one-hot', source: 'colour', level: 'blue' },
  { name: 'size', kind: 'numeric' },
];
const mixedRows = [
  0, 1, 0, 10, 1, 1, 0, 10, 2, 0, 1, 20, 3, 0, 1, 20, 50, 1, 0, 10, 51, 1, 0, 20, 52, 0, 1, 20, 53, 0, 1, 20, 54, 0, 1,
  10,
];
const mixed = training(mixedRows, 4, [...'AAAABBBBB'], columns);

test('smote-nc interpolates numbers and lets neighbours vote on categories, ties drawn', async () => {
  const sampler = samplers['smote-nc']({ kNeighbors: 2, categorical: ['size'], samplingStrategy: { A: 604 } });
  const { extra, recipes } = await plan(sampler, mixed);
  assert.equal(recipes.base.length, 0);
  const seen = new Set<string>();
  extra!.parents.forEach(([base, other, ...more], i) => {
    const row = [0, 1, 2, 3].map((j) => extra!.embeddings.get(i, j));
    const [low, high] = [base!, other!].map((parent) => mixed.embeddings.get(parent, 0)).sort((a, b) => a - b);
    assert.ok(row[0]! >= low! && row[0]! <= high!);
    assert.ok(['1,0', '0,1'].includes(row.slice(1, 3).join()), 'one level, whole');
    // Row 0 has the neighbours 1 (red, 10) and 2 or 3 (blue, 20): a tie. Deviation of 0, 1, 2, 3: √1.25 = 1.118 for a category.
    // From row 0: row 1 at 1; row 2 at √(4 + 2 · 1.25) = 2.55; row 3 at √(9 + 2.5) = 3.39.
    if (base === 0) assert.deepEqual([other, ...more].sort(), [1, 2]);
    if (base === 0) seen.add(row.slice(1).join());
  });
  assert.deepEqual([...seen].sort(), ['0,1,10', '0,1,20', '1,0,10', '1,0,20'], 'each vote on its own');
});

test('smote-nc keeps what a scaler made of one-hot columns', async () => {
  const scaled = mixedRows.map((value, i) => (i % 4 === 1 ? (value - 0.25) * 3 : value));
  const train = training(scaled, 4, [...'AAAABBBBB'], columns);
  const { extra } = await plan(samplers['smote-nc']({ kNeighbors: 2, samplingStrategy: { A: 104 } }), train);
  for (let i = 0; i < 100; i++) {
    const pair = [extra!.embeddings.get(i, 1), extra!.embeddings.get(i, 2)];
    assert.ok(['2.25,0', '-0.75,1'].includes(pair.join()), pair.join());
  }
});

test('smote-nc and smote-n refuse tables that are not theirs, with advice', async () => {
  const numbers = overlapping;
  await assert.rejects(plan(samplers['smote-nc'](), numbers), {
    code: 'ERR_DATA',
    message: /none of the 2 columns.*use smote/,
  });
  await assert.rejects(plan(samplers['smote-nc']({ categorical: 'all' }), mixed), {
    code: 'ERR_DATA',
    message: /Use smote-n/,
  });
  await assert.rejects(plan(samplers['smote-n'](), mixed), {
    code: 'ERR_DATA',
    message: /2 of 4 columns are numbers.*Use smote-nc/,
  });
  await assert.rejects(plan(samplers['smote-nc']({ categorical: ['sise'] }), mixed), {
    code: 'ERR_OPTION',
    message: /"sise"\. Did you mean size/,
  });
  await assert.rejects(plan(samplers['smote-nc']({ categorical: [4] }), mixed), {
    code: 'ERR_OPTION',
    message: /from 0 to 3/,
  });
});

test('smote-n takes what most of a row and its neighbours have', async () => {
  // Rows of A: three of (1, 1), one of (2, 1). With k = 2 the voters of every row have a majority for 1 in both columns.
  const train = training([1, 1, 1, 1, 1, 1, 2, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2], 2, [...'AAAABBBBB']);
  const { extra } = await plan(samplers['smote-n']({ kNeighbors: 2, categorical: 'all' }), train);
  assert.equal(extra!.labels.length, 1);
  assert.deepEqual([...extra!.embeddings.data], [1, 1]);
});

test('in smote-n the base votes beside its neighbours', async () => {
  // Two rows of A that differ: each vote is a tie of the base and the other row, so both levels come from each base.
  const train = training([1, 2, 3, 3, 3, 3], 1, [...'AABBBB']);
  const { extra } = await plan(samplers['smote-n']({ categorical: 'all', samplingStrategy: { A: 102 } }), train);
  const made = extra!.parents.map(([base], i) => `${base} ${extra!.embeddings.get(i, 0)}`);
  assert.deepEqual(Object.keys(count(made)).sort(), ['0 1', '0 2', '1 1', '1 2']);
});

test('a sampler plans each class alike whether the set is declared a table or not', async () => {
  const bare = asTraining(fromArrays(mixed.embeddings, mixed.labels, { classNames: mixed.classNames }));
  const byName = await plan(samplers['smote-nc']({ kNeighbors: 2, categorical: ['size'] }), mixed);
  const byNumber = await plan(samplers['smote-nc']({ kNeighbors: 2, categorical: [3] }), mixed);
  assert.deepEqual(byName.extra, byNumber.extra);
  await assert.rejects(plan(samplers['smote-nc'](), bare), { code: 'ERR_DATA' });
});

test('provenance names the parents of every kind of row', async () => {
  const made = await plan(samplers['svm-smote']({ mNeighbors: 3, samplingStrategy: { A: 60 } }), overlapping);
  const ids = overlapping.labels.length;
  const names = Array.from({ length: ids }, (_, i) => `row ${i}`);
  assert.deepEqual(provenance(made, 3), { kind: 'original', row: 3 });
  assert.deepEqual(provenance(made, 3, names), { kind: 'original', row: 'row 3' });
  const { base, other, step } = made.recipes;
  assert.deepEqual(provenance(made, ids, names), {
    kind: 'recipe',
    base: `row ${base[0]}`,
    other: `row ${other[0]}`,
    step: step[0],
  });
  const first = ids + base.length;
  const parents = [...made.extra!.parents[0]!];
  assert.deepEqual(provenance(made, first), { kind: 'extra', parents });
  assert.deepEqual(provenance(made, first, names), { kind: 'extra', parents: parents.map((row) => `row ${row}`) });
  assert.throws(() => provenance(made, 75), { code: 'ERR_OPTION', message: /row from 0 to 74/ });
  assert.throws(() => provenance(made, 0, ['a']), { code: 'ERR_SHAPE' });
  // A plan that keeps some rows, and whose second recipe is made of the first.
  const later = {
    ...made,
    sampler: 'smote',
    originalRows: 3,
    keep: Int32Array.of(0, 2),
    recipes: {
      base: Int32Array.of(0, 3),
      other: Int32Array.of(2, 2),
      step: Float32Array.of(0.5, 0.25),
      label: Int32Array.of(0, 0),
    },
  };
  assert.deepEqual(provenance(later, 1, ['a', 'b', 'c']), { kind: 'original', row: 'c' });
  assert.deepEqual(provenance(later, 3, ['a', 'b', 'c']), { kind: 'recipe', base: 'smote-0', other: 'c', step: 0.25 });
});

test('rows of a plan with recipes and extra rows are those that its parents make', async () => {
  const made = await samplers['svm-smote']({ mNeighbors: 3, samplingStrategy: { A: 40 } }).fitResample(overlapping, {
    kernels,
  });
  const again = materialize(overlapping, made.plan, { kernels });
  assert.deepEqual(made.embeddings.data, again.data);
  assert.equal(made.labels.length, again.shape[0]);
});
