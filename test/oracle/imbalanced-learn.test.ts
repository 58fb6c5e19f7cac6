/** Held against imbalanced-learn and scikit-learn; scripts/oracles/imbalanced_learn.py made the answers. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { asTraining, fromArrays } from '../../src/core/embedding-set.js';
import type { ResamplingPlan } from '../../src/core/plan.js';
import { loadKernels } from '../../src/kernels/index.js';
import { evaluatePredictions, type Evaluation } from '../../src/metric/index.js';
import { samplers, type Sampler } from '../../src/sampler/index.js';

interface SamplingCase {
  cols: number;
  x: number[];
  labels: number[];
  kSmote: number;
  kEos: number;
  /** By row: its nearest rows of its class, its enemies in reach, and what the released EOS fetches for those. */
  sameClass: Record<string, number[]>;
  enemies: Record<string, number[]>;
  released: Record<string, number[]>;
  counts: number[];
  randomCounts: number[];
  smoteRows: { label: number; x: number[] }[];
}

interface MetricCase {
  classes: number;
  truth: number[];
  logits: number[];
  confusion: number[][];
  perClass: Record<'recall' | 'specificity' | 'precision' | 'f1', number[]>;
  [metric: string]: unknown;
}

const file = new URL('../../../test/oracle/imbalanced-learn.json', import.meta.url);
const oracle = JSON.parse(readFileSync(file, 'utf8')) as { sampling: SamplingCase[]; metrics: MetricCase[] };
const kernels = loadKernels({ backend: 'reference' });

function trainingSet({ x, labels, cols }: SamplingCase) {
  return asTraining(fromArrays({ data: Float32Array.from(x), shape: [labels.length, cols] }, labels));
}

/** Every other end that occurs with each base. */
function reached({ recipes: { base, other } }: ResamplingPlan): Record<string, number[]> {
  const found = new Map<number, Set<number>>();
  base.forEach((row, i) => found.set(row, (found.get(row) ?? new Set()).add(other[i] as number)));
  return Object.fromEntries([...found].map(([row, others]) => [row, [...others].sort((a, b) => a - b)]));
}

for (const [i, given] of oracle.sampling.entries()) {
  const set = trainingSet(given);
  // So many samples that every pair occurs: at most 40 · 10 pairs a class, each missed with a probability below e^-19.
  const samplingStrategy = Object.fromEntries(set.classNames.map((name) => [name, 8000]));
  const plan = (sampler: Sampler) => sampler.plan(set, { kernels });

  test(`sampling case ${i}: smote moves towards the neighbours that scikit-learn finds, all of them and no others`, async () => {
    const found = await plan(samplers.smote({ kNeighbors: given.kSmote, samplingStrategy }));
    assert.deepEqual(reached(found), given.sameClass);
  });

  test(`sampling case ${i}: eos moves towards the enemies among scikit-learn's neighbours, all of them and no others`, async () => {
    const withEnemies = Object.fromEntries(Object.entries(given.enemies).filter(([, others]) => others.length > 0));
    const found = await plan(samplers.eos({ kNeighbors: given.kEos, samplingStrategy }));
    assert.deepEqual(reached(found), withEnemies);
    for (const { classId, eligibleBases } of found.perClass)
      assert.equal(
        eligibleBases,
        Object.keys(withEnemies).filter((row) => given.labels[Number(row)] === classId).length,
      );
  });

  test(`sampling case ${i}: eos with \`released\` fetches what the off-by-one of the released code fetches`, async () => {
    const fetched = Object.fromEntries(Object.entries(given.released).filter(([, others]) => others.length > 0));
    const found = await plan(samplers.eos({ kNeighbors: given.kEos, samplingStrategy, released: true }));
    assert.deepEqual(reached(found), fetched);
  });

  test(`sampling case ${i}: class totals are imbalanced-learn's`, async () => {
    for (const [sampler, want] of [
      [samplers.smote(), given.counts],
      [samplers.eos(), given.counts],
      [samplers['random-over-sampling'](), given.randomCounts],
    ] as const) {
      const { perClass } = await sampler.plan(set, { kernels });
      assert.deepEqual(
        perClass.map(({ after }) => after),
        want,
      );
    }
  });

  test(`sampling case ${i}: every row that imbalanced-learn's SMOTE made lies on a segment that smote may draw`, () => {
    const at = (row: number) => given.x.slice(row * given.cols, (row + 1) * given.cols);
    /** How far `point` is from the segment between two rows. */
    const distance = (point: number[], base: number[], other: number[]) => {
      const along = other.map((value, j) => value - base[j]!);
      const length = along.reduce((sum, value) => sum + value * value, 0);
      const step = along.reduce((sum, value, j) => sum + value * (point[j]! - base[j]!), 0) / length;
      const t = Math.max(0, Math.min(1, step));
      return Math.hypot(...point.map((value, j) => value - base[j]! - t * along[j]!));
    };
    for (const { label, x } of given.smoteRows) {
      const segments = Object.entries(given.sameClass)
        .filter(([row]) => given.labels[Number(row)] === label)
        .flatMap(([row, others]) => others.map((other) => distance(x, at(Number(row)), at(other))));
      assert.ok(Math.min(...segments) < 1e-9, String(Math.min(...segments)));
    }
  });
}

for (const [i, given] of oracle.metrics.entries())
  test(`metric case ${i}: every number is that of imbalanced-learn or scikit-learn`, () => {
    const classNames = Array.from({ length: given.classes }, (_, c) => String(c));
    const evaluation = evaluatePredictions({ labels: given.truth, logits: given.logits, classNames });
    assert.deepEqual(evaluation.confusion, given.confusion);
    const close = (got: number, want: number, what: string) =>
      assert.ok(Math.abs(got - want) < 1e-9, `${what}: ${got} is not ${want}`);
    for (const rate of ['recall', 'specificity', 'precision', 'f1'] as const)
      for (const [c, want] of given.perClass[rate].entries())
        close(evaluation.perClass[c]![rate], want, `${rate} of ${c}`);
    for (const metric of [
      'accuracy',
      'balancedAccuracy',
      'macroF1',
      'geometricMeanClass',
      'geometricMeanMacro',
      'indexBalancedAccuracy',
      'logLoss',
    ] satisfies (keyof Evaluation)[])
      close(evaluation[metric], given[metric] as number, metric);
  });
