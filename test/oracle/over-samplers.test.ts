/** What over-samplers decide before any draw, held against imbalanced-learn and scikit-learn; scripts/oracles/over_samplers.py made the answers. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { asTraining, fromArrays } from '../../src/core/embedding-set.js';
import { dense } from '../../src/core/matrix.js';
import type { ResamplingPlan } from '../../src/core/plan.js';
import { loadKernels, nearest } from '../../src/kernels/index.js';
import { readCategories } from '../../src/sampler/categories.js';
import { samplers } from '../../src/sampler/index.js';
import { valueDifferences } from '../../src/sampler/smote-n.js';
import { supportVectors } from '../../src/sampler/svm.js';
import { enemyCounts, zoneOf } from '../../src/sampler/zones.js';

interface ClassificationCase {
  cols: number;
  x: number[];
  labels: number[];
  m: number;
  zones: Record<string, 'safe' | 'danger' | 'noise'>;
  adasyn: { k: number; bases: Record<string, number>; totals: number[] };
  supportVectors: number[];
  svmTotals: number[];
}

interface Oracle {
  classification: ClassificationCase[];
  clusters: { x: number[]; labels: number[]; made: Record<'auto' | 'strict', number[]> };
  table: {
    continuous: number[];
    codes: number[];
    labels: number[];
    k: number;
    neighbors: Record<string, number[]>;
    valueDistances: number[];
  };
  noise: { x: number[]; labels: number[]; shrinkage: number; widths: number[] };
}

const file = new URL('../../../test/oracle/over-samplers.json', import.meta.url);
const oracle = JSON.parse(readFileSync(file, 'utf8')) as Oracle;
const kernels = loadKernels({ backend: 'reference' });

const training = (x: readonly number[], cols: number, labels: readonly number[]) =>
  asTraining(fromArrays({ data: Float32Array.from(x), shape: [labels.length, cols] }, labels));

/** How many samples start from each row. */
function samplesByBase({ recipes, extra }: ResamplingPlan): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const base of recipes.base) counts[base] = (counts[base] ?? 0) + 1;
  for (const [base] of extra?.parents ?? []) counts[base!] = (counts[base!] ?? 0) + 1;
  return counts;
}

for (const [i, given] of oracle.classification.entries()) {
  const set = training(given.x, given.cols, given.labels);
  const rows = Int32Array.from(Object.keys(given.zones), Number);
  const rowsIn = (...zones: string[]) => Object.keys(given.zones).filter((row) => zones.includes(given.zones[row]!));

  test(`case ${i}: noise, danger and safe are imbalanced-learn's, row for row`, async () => {
    const found = await nearest(set.embeddings, null, { k: given.m, queries: rows, kernels });
    const enemies = enemyCounts(rows, { k: given.m, indices: found.indices.data, l2sq: found.l2sq.data }, set.labels);
    const zones = Object.fromEntries(Array.from(rows, (row, q) => [row, zoneOf(enemies[q]!, given.m)]));
    assert.deepEqual(zones, given.zones);
  });

  test(`case ${i}: the bases of Borderline-SMOTE are imbalanced-learn's rows in danger, all of them`, async () => {
    // So many samples that every base occurs: of at most 30, each missed with a probability below e^-60.
    const samplingStrategy = Object.fromEntries(set.classNames.slice(1).map((name) => [name, 2000]));
    for (const kind of [1, 2]) {
      const plan = await samplers['borderline-smote']({ mNeighbors: given.m, kind, samplingStrategy }).plan(set, {
        kernels,
      });
      assert.deepEqual(Object.keys(samplesByBase(plan)), rowsIn('danger'));
    }
  });

  test(`case ${i}: ADASYN starts as many samples from each row as imbalanced-learn, and ends with its totals`, async () => {
    const plan = await samplers.adasyn({ kNeighbors: given.adasyn.k }).plan(set, { kernels });
    assert.deepEqual(samplesByBase(plan), given.adasyn.bases);
    assert.deepEqual(
      plan.perClass.map(({ after }) => after),
      given.adasyn.totals,
    );
  });

  test(`case ${i}: support vectors are libsvm's, row for row`, async () => {
    const x = dense(set.embeddings);
    const mean = x.data.reduce((a, b) => a + b) / x.data.length;
    const variance = x.data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.data.length;
    const options = { cost: 1, gamma: 1 / (x.cols * variance) };
    const members = set.classNames.map((_, c) =>
      Int32Array.from(given.labels.keys()).filter((row) => given.labels[row] === c),
    );
    const found = new Set<number>();
    for (const [c, first] of members.entries())
      for (const second of members.slice(c + 1))
        for (const row of await supportVectors(x, first, second, options)) found.add(row);
    assert.deepEqual(
      [...found].sort((a, b) => a - b),
      given.supportVectors,
    );
  });

  test(`case ${i}: the bases of SVM-SMOTE are libsvm's support vectors but for noise, and no class is left short`, async () => {
    const samplingStrategy = Object.fromEntries(set.classNames.slice(1).map((name) => [name, 3000]));
    const plan = await samplers['svm-smote']({ mNeighbors: given.m, samplingStrategy }).plan(set, { kernels });
    const bases = rowsIn('danger', 'safe').filter((row) => given.supportVectors.includes(Number(row)));
    assert.deepEqual(Object.keys(samplesByBase(plan)), bases);
    const isSafe = (row: number) => given.zones[row] === 'safe';
    assert.ok(
      plan.recipes.base.every((row) => !isSafe(row)),
      'inwards from rows in danger',
    );
    assert.ok(
      (plan.extra?.parents ?? []).every(([row]) => isSafe(row!)),
      'outwards from safe rows',
    );
    const balanced = await samplers['svm-smote']().plan(set, { kernels });
    for (const { after } of balanced.perClass) assert.equal(after, Math.max(...given.svmTotals));
  });
}

for (const [name, options] of [
  ['auto', { clusterBalanceThreshold: 0.2 }],
  ['strict', { clusterBalanceThreshold: 0.3, densityExponent: 2 }],
] as const)
  test(`KMeans-SMOTE makes as many samples in each cluster as imbalanced-learn: ${name}`, async () => {
    const { x, labels, made } = oracle.clusters;
    const set = training(x, 3, labels);
    const plan = await samplers['kmeans-smote']({ clusters: 4, ...options }).plan(set, { kernels });
    const centres = [
      [0, 0, 0],
      [100, 0, 0],
      [0, 100, 0],
      [0, 0, 100],
    ];
    const groupOf = (row: number) => {
      const distances = centres.map((centre) => Math.hypot(...centre.map((value, j) => value - x[row * 3 + j]!)));
      return distances.indexOf(Math.min(...distances));
    };
    const counts = [0, 0, 0, 0];
    for (const [i, base] of plan.recipes.base.entries()) {
      counts[groupOf(base)]!++;
      assert.equal(groupOf(plan.recipes.other[i]!), groupOf(base));
    }
    assert.deepEqual(counts, made[name]);
  });

const { table } = oracle;
const tableRows = table.labels.flatMap((_, i) => [
  ...table.continuous.slice(2 * i, 2 * i + 2),
  ...table.codes.slice(2 * i, 2 * i + 2),
]);

test('SMOTE-NC finds the neighbours that scikit-learn finds with levels scaled by the median deviation', async () => {
  const set = training(tableRows, 4, table.labels);
  const samplingStrategy = { 1: 3000, 2: 3000 };
  const plan = await samplers['smote-nc']({ kNeighbors: table.k, categorical: [2, 3], samplingStrategy }).plan(set, {
    kernels,
  });
  const voters: Record<string, number[]> = {};
  for (const [base, ...others] of plan.extra!.parents) voters[base!] = others.sort((a, b) => a - b);
  assert.deepEqual(voters, table.neighbors);
});

test("SMOTE-N measures the value differences that imbalanced-learn's metric measures", () => {
  const set = training(table.codes, 2, table.labels);
  const { categories } = readCategories(set, 'all', 'smote-n.categorical');
  const differences = categories.map((category) => valueDifferences(category, set.labels, 3));
  const rows = [...table.labels.keys()].filter((row) => table.labels[row] === 2);
  const got = rows.flatMap((a) =>
    rows.map((b) =>
      categories.reduce(
        (sum, { codes, levels }, v) => sum + (differences[v]![codes[a]! * levels + codes[b]!] as number),
        0,
      ),
    ),
  );
  for (const [i, want] of table.valueDistances.entries())
    assert.ok(Math.abs(got[i]! - want) < 1e-11, `${got[i]} is not ${want}`);
});

test('the noise of the smoothed bootstrap is as wide as that of imbalanced-learn, column by column', async () => {
  const { x, labels, shrinkage, widths } = oracle.noise;
  const set = training(x, 3, labels);
  const samples = 20000;
  const sampler = samplers['random-over-sampling']({ shrinkage, samplingStrategy: { 1: 20 + samples } });
  const { extra } = await sampler.plan(set, { kernels });
  const { data } = dense(extra!.embeddings);
  for (const [j, width] of widths.entries()) {
    const squares = extra!.parents.reduce((sum, [base], i) => sum + (data[i * 3 + j]! - x[base! * 3 + j]!) ** 2, 0);
    // The square root of a mean of n squares of normal draws deviates by 1 / sqrt(2 n) = 0.005 of itself; five of them are 0.025.
    const ratio = Math.sqrt(squares / samples) / width;
    assert.ok(Math.abs(ratio - 1) < 0.025, `column ${j}: ${ratio}`);
  }
});
