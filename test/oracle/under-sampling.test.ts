/** Held against imbalanced-learn and scikit-learn, row for row; scripts/oracles/under_sampling.py made the answers. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { asTraining, fromArrays, type TrainingSet } from '../../src/core/embedding-set.js';
import { dense, matrix } from '../../src/core/matrix.js';
import type { ResamplingPlan } from '../../src/core/plan.js';
import { loadKernels, nearest } from '../../src/kernels/index.js';
import { condense } from '../../src/sampler/condense.js';
import { createSampler, pipeline, samplers, type Sampler } from '../../src/sampler/index.js';
import { nearestAmong } from '../../src/sampler/nearest-among.js';
import { createSearch } from '../../src/sampler/search.js';
import { linked } from '../../src/sampler/tomek-links.js';

interface Rows {
  cols: number;
  x: number[];
  labels: number[];
}

interface Oracle {
  grid: number;
  kept: (Rows & { answers: { sampler: string; options: Record<string, unknown>; keep: number[] }[] })[];
  condensed: Rows & { runs: { target: number; k: number; seeds: Record<string, number[]>; keep: number[] }[] };
  oneSided: Rows & { runs: { k: number; seeds: Record<string, number[]>; keep: number[] }[] };
  hardness: Rows & { probabilities: number[]; keep: number[] };
  cleaned: Rows & Record<'made' | 'madeLabels' | 'edited-nearest-neighbors' | 'tomek-links', number[]>;
}

const file = new URL('../../../test/oracle/under-sampling.json', import.meta.url);
const oracle = JSON.parse(readFileSync(file, 'utf8')) as Oracle;
const kernels = loadKernels({ backend: 'reference' });

function trainingSet({ x, labels, cols }: Rows): TrainingSet {
  const data = Float32Array.from(x, (value) => value / oracle.grid);
  return asTraining(fromArrays({ data, shape: [labels.length, cols] }, labels));
}

const rowsOf = ({ keep }: ResamplingPlan): number[] => [...(keep as Int32Array)];

for (const [i, given] of oracle.kept.entries()) {
  const set = trainingSet(given);
  for (const { sampler, options, keep } of given.answers)
    test(`case ${i}: ${sampler} ${JSON.stringify(options)} keeps the rows that imbalanced-learn keeps`, async () => {
      assert.deepEqual(rowsOf(await createSampler(sampler, options).plan(set, { kernels })), keep);
    });
}

/** Judges the rows of one class from given seeds. */
function condenseFrom(set: TrainingSet, target: number, seeds: number[], k: number, growing: boolean) {
  const x = dense(set.embeddings);
  const all = Int32Array.from(set.labels.keys());
  const search = createSearch(set, all, { kernels });
  const minority = set.classCounts.indexOf(Math.min(...set.classCounts));
  return condense(
    { x, set, search, searchAmong: (query) => nearestAmong(x, search, query) },
    {
      stored: Int32Array.from([...all.filter((row) => set.labels[row] === minority), ...seeds]),
      candidates: all.filter((row) => set.labels[row] === target && !seeds.includes(row)),
      k,
      growing,
    },
  );
}

for (const { target, k, seeds, keep } of oracle.condensed.runs) {
  const seed = seeds[target]!;
  test(`condensing class ${target} from row ${seed[0]} with ${k} neighbours keeps the rows that Hart's rule keeps`, async () => {
    const set = trainingSet(oracle.condensed);
    const others = [...set.labels.keys()].filter((row) => set.labels[row] !== target);
    const added = await condenseFrom(set, target, seed, k, true);
    assert.deepEqual(
      [...others, ...seed, ...added].sort((a, b) => a - b),
      keep,
    );
  });
}

for (const { k, seeds, keep } of oracle.oneSided.runs)
  test(`one-sided selection from rows ${Object.values(seeds).flat()} with ${k} neighbours keeps the rows that imbalanced-learn keeps`, async () => {
    const set = trainingSet(oracle.oneSided);
    const left = [...set.labels.keys()].filter((row) => !Object.hasOwn(seeds, set.labels[row]!));
    for (const [c, rows] of Object.entries(seeds))
      left.push(...rows, ...(await condenseFrom(set, Number(c), rows, k, false)));
    left.sort((a, b) => a - b);
    const { data, cols } = dense(set.embeddings);
    const part = Float32Array.from(left.flatMap((row) => [...data.subarray(row * cols, (row + 1) * cols)]));
    const { indices } = await nearest({ data: part, shape: [left.length, cols] }, null, { k: 1, kernels });
    const ends = linked(indices.data, (i) => set.labels[left[i]!]!);
    assert.deepEqual(
      left.filter((row, i) => !(ends.includes(i) && Object.hasOwn(seeds, set.labels[row]!))),
      keep,
    );
  });

test('instance hardness with the same probabilities keeps the rows that imbalanced-learn keeps', async () => {
  const set = trainingSet(oracle.hardness);
  const { cols, probabilities, keep } = oracle.hardness;
  const { data } = dense(set.embeddings);
  const classes = set.classNames.length;
  /** Knows each row by its numbers. */
  const estimator: Parameters<(typeof samplers)['instance-hardness-threshold']>[0] = {
    estimator: (_train, _labels, test) =>
      Array.from({ length: test.shape[0]! }, (_, i) => {
        const row = set.labels.findIndex(
          (_, r) => data[r * cols] === test.get(i, 0) && data[r * cols + 1] === test.get(i, 1),
        );
        return probabilities.slice(row * classes, (row + 1) * classes);
      }).flat(),
  };
  assert.deepEqual(rowsOf(await samplers['instance-hardness-threshold'](estimator).plan(set, { kernels })), keep);
});

for (const cleaning of ['edited-nearest-neighbors', 'tomek-links'] as const)
  test(`${cleaning} after imbalanced-learn's SMOTE keeps the originals and synthetic rows that imbalanced-learn keeps`, async () => {
    const set = trainingSet(oracle.cleaned);
    const { made, madeLabels, cols } = oracle.cleaned;
    const n = set.labels.length;
    const base = await samplers.smote().plan(set, { kernels });
    /** A stage that adds the rows of the other library. */
    const theirs: Sampler = {
      ...samplers.smote(),
      plan: async () => ({
        ...base,
        recipes: {
          base: new Int32Array(0),
          other: new Int32Array(0),
          step: new Float32Array(0),
          label: new Int32Array(0),
        },
        extra: {
          embeddings: matrix(
            Float32Array.from(made, (value) => value / oracle.grid),
            madeLabels.length,
            cols,
          ),
          labels: Int32Array.from(madeLabels),
          parents: madeLabels.map((_, i) => Int32Array.of(i % n)),
        },
      }),
    };
    const both = pipeline([theirs, createSampler(cleaning, { samplingStrategy: 'all' })]);
    const { plan, embeddings } = await both.fitResample(set, { kernels });
    const want = oracle.cleaned[cleaning];
    assert.deepEqual(
      rowsOf(plan),
      want.filter((row) => row < n),
    );
    const synthetic = want
      .filter((row) => row >= n)
      .flatMap((row) => made.slice((row - n) * cols, (row - n + 1) * cols));
    assert.deepEqual(
      [...dense(embeddings).data.subarray((plan.keep as Int32Array).length * cols)],
      synthetic.map((value) => value / oracle.grid),
    );
  });
