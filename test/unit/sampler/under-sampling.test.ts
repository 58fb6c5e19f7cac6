import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTraining, fromArrays, type TrainingSet } from '../../../src/core/embedding-set.js';
import { dense } from '../../../src/core/matrix.js';
import type { ResamplingPlan } from '../../../src/core/plan.js';
import { createRng } from '../../../src/core/rng.js';
import { loadKernels, nearest } from '../../../src/kernels/index.js';
import { condense } from '../../../src/sampler/condense.js';
import { mode } from '../../../src/sampler/edit.js';
import { samplers } from '../../../src/sampler/index.js';
import { nearestAmong } from '../../../src/sampler/nearest-among.js';
import { createSearch } from '../../../src/sampler/search.js';
import { survivingNeighbors } from '../../../src/sampler/surviving-neighbors.js';

const kernels = loadKernels();

function training(values: readonly number[], labels: readonly string[], cols = 1): TrainingSet {
  const classNames = [...new Set(labels)].sort();
  return asTraining(
    fromArrays({ data: Float32Array.from(values), shape: [labels.length, cols] }, labels, { classNames }),
  );
}

const kept = ({ keep }: ResamplingPlan): number[] => [...(keep as Int32Array)];

/** A at 0 and 10; B at 1, 4, 6, 13, 20. */
const line = training([0, 10, 1, 4, 6, 13, 20], [...'AABBBBB']);

test('near-miss 1 keeps the rows nearest to their nearest rows of the small class', async () => {
  // Nearest of A (k = 1): 1 → 1, 4 → 4, 6 → 4, 13 → 3, 20 → 10. Two are wanted: rows 2 (1) and 5 (3).
  assert.deepEqual(kept(await samplers['near-miss']({ kNeighbors: 1 }).plan(line)), [0, 1, 2, 5]);
});

test('near-miss 2 keeps the rows nearest to the far rows of the small class', async () => {
  // Farthest of A (k = 1): 1 → 9, 4 → 6, 6 → 6, 13 → 13, 20 → 20. The two of 6 are rows 3 and 4.
  assert.deepEqual(kept(await samplers['near-miss']({ version: 2, kNeighbors: 1 }).plan(line)), [0, 1, 3, 4]);
});

test('near-miss 3 keeps the far rows of those around the small class', async () => {
  // Nearest two B of A at 0: 1, 4; of A at 10: 13 (3), 6 (4). By the nearest A these have 1, 4, 3, 4: rows 3 and 4 are farthest.
  const options = { version: 3, kNeighbors: 1, shortlist: 2 };
  assert.deepEqual(kept(await samplers['near-miss'](options).plan(line)), [0, 1, 3, 4]);
});

test('near-miss 3 with too short a list keeps all of it and says so', async () => {
  const { perClass, ...plan } = await samplers['near-miss']({
    version: 3,
    shortlist: 1,
    samplingStrategy: { B: 4 },
  }).plan(line);
  // The one nearest to 0 is 1, to 10 is 13.
  assert.deepEqual(kept({ perClass, ...plan }), [0, 1, 2, 5]);
  assert.match(perClass[1]!.fallback!, /only 2 rows are on the shortlist: 4 were wanted/);
  assert.equal(perClass[1]!.kNeighbors, 2, 'the small class has only two rows');
});

test('near-miss refuses a shortlist that its version does not make', () => {
  assert.throws(() => samplers['near-miss']({ shortlist: 5 }), { code: 'ERR_OPTION', message: /makes no shortlist/ });
});

test('tomek-links removes the end in the large class, or both', async () => {
  // Nearest: 0 ↔ 1 (A, B) is a link; 10 → 13 ↔ 10 (both 3 away) is one; 4 ↔ 6 are both B; 20 → 13.
  assert.deepEqual(kept(await samplers['tomek-links']().plan(line)), [0, 1, 3, 4, 6]);
  assert.deepEqual(kept(await samplers['tomek-links']({ samplingStrategy: 'all' }).plan(line)), [3, 4, 6]);
  assert.deepEqual(kept(await samplers['tomek-links']({ samplingStrategy: ['A'] }).plan(line)), [2, 3, 4, 5, 6]);
});

test('edited-nearest-neighbors asks all neighbours, or most', async () => {
  // Nearest three of B: 1 → 0, 4, 6; 4 → 6, 1, 0; 6 → 4, 10, 1; 13 → 10, 6, 20; 20 → 13, 10, 6. Each has one A among them.
  const edited = samplers['edited-nearest-neighbors'];
  assert.deepEqual(kept(await edited().plan(line)), [0, 1]);
  assert.match((await edited().plan(line)).perClass[1]!.fallback!, /every row was removed/);
  assert.deepEqual(kept(await edited({ kind: 'mode' }).plan(line)), [0, 1, 2, 3, 4, 5, 6]);
  // With one neighbour: 1 → 0 and 13 → 10 go.
  assert.deepEqual(kept(await edited({ kNeighbors: 1 }).plan(line)), [0, 1, 3, 4, 6]);
  const { perClass } = await edited({ kNeighbors: 50 }).plan(line);
  assert.equal(perClass[1]!.kNeighbors, 6, 'cut to the other rows');
});

test('repeated editing judges by the rows that are left', async () => {
  // A at 0, 0.1; B at 1, 2.5, 4.5, 7, 10: with one neighbour 1 sees 0.1 and goes; then 2.5 sees 4.5 (2), not 0.1 (2.4), and stays.
  const steps = training([0, 0.1, 1, 2.5, 4.5, 7, 10], [...'AABBBBB']);
  const repeated = samplers['repeated-edited-nearest-neighbors'];
  assert.deepEqual(kept(await repeated({ kNeighbors: 1 }).plan(steps)), [0, 1, 3, 4, 5, 6]);
  // A at 0, 0.1; B at 1, 2, 3.1, 4.3, 5.6 …: each looks back once the one before is gone: 1, then 2 sees 3.1 and stays.
  // With kNeighbors 2: 1 → (0.1, 0 and 2): A among them, gone; 2 → 1, 3.1; then 2 → 3.1 (1.1), 0.1 (1.9): gone; 3.1 → 2, 4.3; then
  // 3.1 → 4.3, 5.6: stays.
  const chain = training([0, 0.1, 1, 2, 3.1, 4.3, 5.6, 7], [...'AABBBBBB']);
  assert.deepEqual(kept(await repeated({ kNeighbors: 2 }).plan(chain)), [0, 1, 4, 5, 6, 7]);
  assert.deepEqual(kept(await repeated({ kNeighbors: 2, maxIterations: 1 }).plan(chain)), [0, 1, 3, 4, 5, 6, 7]);
});

test('votes that tie go to the class earlier in the table', () => {
  const labels = Int32Array.of(2, 1, 1, 2, 0);
  assert.equal(mode(Int32Array.of(0, 1, 2, 3), 0, 4, labels), 1);
  assert.equal(mode(Int32Array.of(0, 3, 1), 0, 3, labels), 2);
  assert.equal(mode(Int32Array.of(0), 0, 0, labels), -1);
});

test('neighborhood-cleaning removes outvoted rows and those around an outvoted row of the small class', async () => {
  // A at 0, 1, 2, 20; B at 1.1, 19, 21.5, 23, 24.6, 30. Nearest three of B 1.1: three A, out. Of A at 20: B 19, 21.5, 23: outvoted, so
  // those three go, too. The other rows of A see A, A and 1.1 and are judged right.
  const set = training([0, 1, 2, 20, 1.1, 19, 21.5, 23, 24.6, 30], [...'AAAABBBBBB']);
  assert.deepEqual(kept(await samplers['neighborhood-cleaning']().plan(set)), [0, 1, 2, 3, 8, 9]);
  // No class has more than 1.5 · 4 = 6 rows, so nothing but the outvoted row goes.
  assert.deepEqual(
    kept(await samplers['neighborhood-cleaning']({ threshold: 1.5 }).plan(set)),
    [0, 1, 2, 3, 5, 6, 7, 8, 9],
  );
});

test('random-under-sampling with replacement repeats rows as copies', async () => {
  const { recipes, ...plan } = await samplers['random-under-sampling']({
    replacement: true,
    samplingStrategy: { B: 5 },
    seed: 3,
  }).plan(training([0, 10, 1, 4, 6, 13, 20, 21], [...'AABBBBBB']));
  const rows = kept({ recipes, ...plan }).filter((row) => row > 1);
  assert.equal(rows.length + recipes.base.length, 5);
  assert.ok(recipes.base.length > 0, 'five of six drawn with replacement: this seed repeats one');
  for (const row of recipes.base) assert.ok(rows.includes(row));
  assert.deepEqual(
    [recipes.other, [...recipes.step]],
    [recipes.base, recipes.base.length ? [...recipes.step].fill(0) : []],
  );
});

test('cluster-centroids puts a row in the middle of each cluster, or keeps the row nearest to it', async () => {
  // B is two groups, around 1 (0, 1, 2.3) and around 101 (100, 101, 102.3): means 1.1 and 101.1.
  const set = training([50, 51, 0, 1, 2.3, 100, 101, 102.3], [...'AABBBBBB']);
  const { keep, extra } = await samplers['cluster-centroids']().plan(set);
  assert.deepEqual([...(keep as Int32Array)], [0, 1]);
  const centres = [...extra!.embeddings.data].map((value, i) => [value, [...extra!.parents[i]!]] as const);
  centres.sort(([a], [b]) => a - b);
  assert.deepEqual(centres, [
    [Math.fround(1.1), [2, 3, 4]],
    [Math.fround(101.1), [5, 6, 7]],
  ]);
  assert.deepEqual(kept(await samplers['cluster-centroids']({ voting: 'hard' }).plan(set)), [0, 1, 3, 6]);
});

test('instance-hardness-threshold drops the rows among another class', async () => {
  // B at 0.2 sits inside A; by neighbours it is the hardest, whatever the folds.
  const set = training([0, 0.1, 0.3, 0.4, 0.2, 10, 11, 12, 13, 14], [...'AAAABBBBBB']);
  const options = { kNeighbors: 2, samplingStrategy: { B: 5 } };
  for (const seed of [1, 2, 3])
    assert.ok(!kept(await samplers['instance-hardness-threshold']({ ...options, seed }).plan(set)).includes(4));
});

test('instance-hardness-threshold lets rows of one fold not vouch for each other', async () => {
  // Two equal rows of B inside A: in different folds each finds the other at distance 0, in one fold each finds A.
  const set = training([0, 0.1, 0.3, 0.4, 0.2, 0.2, 10, 11, 12, 13, 14, 15], [...'AAAABBBBBBBB']);
  const dropped = new Set<boolean>();
  for (let seed = 0; seed < 10; seed++) {
    const options = { kNeighbors: 1, folds: 2, seed, samplingStrategy: { B: 6 } };
    const rows = kept(await samplers['instance-hardness-threshold'](options).plan(set));
    dropped.add(!rows.includes(4) && !rows.includes(5));
  }
  assert.deepEqual([...dropped].sort(), [false, true]);
});

test('instance-hardness-threshold trains its estimator on other rows than it judges', async () => {
  const judged: number[] = [];
  const sampler = samplers['instance-hardness-threshold']({
    folds: 3,
    estimator: async (train, labels, test, classes) => {
      assert.equal(labels.length, train.shape[0]);
      const known = new Set(train.data);
      for (const value of test.data) assert.ok(!known.has(value));
      judged.push(...test.data);
      // The larger, the more probable.
      return Array.from(test.data, (value) => Array.from({ length: classes }, () => value / 100)).flat();
    },
  });
  const plan = await sampler.plan(line);
  assert.deepEqual(
    judged.sort((a, b) => a - b),
    [0, 1, 4, 6, 10, 13, 20],
  );
  assert.deepEqual(kept(plan), [0, 1, 5, 6]);
  assert.equal(plan.options['estimator'], 'estimator', 'a plan is data: it names the function');
});

test('instance-hardness-threshold refuses an estimator that gives too few numbers, and kNeighbors beside one', async () => {
  const estimator = () => [1];
  await assert.rejects(samplers['instance-hardness-threshold']({ estimator }).plan(line), { code: 'ERR_SHAPE' });
  assert.throws(() => samplers['instance-hardness-threshold']({ estimator, kNeighbors: 7 }), { code: 'ERR_OPTION' });
});

test('condensing refuses to thin out the class that it judges by', async () => {
  for (const name of ['condensed-nearest-neighbor', 'one-sided-selection'] as const)
    await assert.rejects(samplers[name]({ samplingStrategy: 'all' }).plan(line), {
      code: 'ERR_OPTION',
      message: /names the smallest class, "A"/,
    });
});

/** Rows without ties, in two classes that overlap. */
function clouds(rows: number, cols: number, seed: number): TrainingSet {
  const draws = createRng(seed, 'clouds').at(0);
  const labels = Array.from({ length: rows }, () => (draws.below(10) === 0 ? 'A' : 'B'));
  const values = labels.flatMap((label) =>
    Array.from({ length: cols }, () => draws.normal() + (label === 'A' ? 1 : 0)),
  );
  return training(values, labels, cols);
}

for (const k of [1, 3, 4])
  test(`condensing in batches stores what judging one row after the other stores, ${k} neighbours`, async () => {
    const set = clouds(1500, 3, k);
    const x = dense(set.embeddings);
    const rows = Int32Array.from(set.labels.keys());
    const own = rows.filter((row) => set.labels[row] === 1);
    const small = rows.filter((row) => set.labels[row] === 0);
    const [seed] = own;
    const search = createSearch(set, rows, { kernels });
    const searchAmong = (query: Parameters<typeof nearestAmong>[2]) => nearestAmong(x, search, query);
    const stored = Int32Array.of(...small, seed!);
    const candidates = own.subarray(1);
    const found = await condense({ x, set, search, searchAmong }, { stored, candidates, k, growing: true });

    const distance = (a: number, b: number) => {
      let sum = 0;
      for (let j = 0; j < 3; j++) sum += (x.data[a * 3 + j]! - x.data[b * 3 + j]!) ** 2;
      return sum;
    };
    const all = [...stored];
    const expected: number[] = [];
    for (const row of candidates) {
      const judges = all.map((other) => [distance(row, other), set.labels[other]!] as const).sort(([a], [b]) => a - b);
      const against = judges.slice(0, k).filter(([, label]) => label === 0).length;
      // A tie goes to A, the class earlier in the table.
      if (against * 2 < Math.min(k, all.length)) continue;
      all.push(row);
      expected.push(row);
    }
    assert.deepEqual(found, expected);
    assert.ok(found.length > 50);
  });

test('neighbours among the rows left are those of a search among them', async () => {
  const set = clouds(300, 2, 9);
  const x = dense(set.embeddings);
  const rows = Int32Array.from(set.labels.keys());
  const neighbors = survivingNeighbors({ x, search: createSearch(set, rows, { kernels }) }, 3);
  const keep = new Uint8Array(300).fill(1);
  const order = createRng(1, 'removal').permutation(300);
  for (let removed = 0; removed < 300; removed += 45) {
    for (const row of order.subarray(0, removed)) keep[row] = 0;
    const left = rows.filter((row) => keep[row]);
    const part = Float32Array.from([...left].flatMap((row) => [...x.data.subarray(row * 2, row * 2 + 2)]));
    const { indices } = await nearest({ data: part, shape: [left.length, 2] }, null, { k: 3 });
    const found = await neighbors.nearest(left, keep);
    assert.deepEqual(found, { k: 3, indices: indices.data.map((at) => left[at]!) });
  }
});
