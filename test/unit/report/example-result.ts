/** A run with the arithmetic done by hand where tests look at it. */

import { evaluatePredictions } from '../../../src/metric/index.js';
import type { RunResult, StrategyResult } from '../../../src/report/index.js';

function strategy(name: string, confusion: number[][], classNames: readonly string[]): StrategyResult {
  const rows = confusion.flatMap((row, truth) =>
    row.flatMap((n, predicted) => Array.from({ length: n }, () => ({ truth, predicted }))),
  );
  const evaluation = evaluatePredictions({
    labels: rows.map(({ truth }) => truth),
    probabilities: rows.flatMap(({ predicted }) => classNames.map((_, c) => (c === predicted ? 1 : 0))),
    classNames,
  });
  return {
    strategy: name,
    settings: { loss: 'cross-entropy', epochs: 2 },
    seeds: [0],
    evaluations: [evaluation],
    perClass: evaluation.perClass,
    history: [
      {
        seed: 0,
        bestEpoch: 1,
        validationMetric: 'balanced accuracy',
        epochs: [
          { epoch: 0, loss: 1.2, learningRate: 0.1, validation: 0.4 },
          { epoch: 1, loss: 0.8, learningRate: 0.1, validation: 0.6 },
        ],
      },
    ],
    resampling: null,
    generalizationGap: { perClass: classNames.map((_, c) => c + 1), mean: (classNames.length + 1) / 2 },
    seconds: 1.25,
  };
}

/** Class c has 10 (c + 1) training rows and 4 test rows: the last class is the most frequent one. */
export function exampleResult(classNames: readonly string[] = ['ant', 'bee', 'cat']): RunResult {
  const matrix = (hits: (c: number) => number) =>
    classNames.map((_, t) =>
      classNames.map((_, p) => (p === t ? hits(t) : p === (t + 1) % classNames.length ? 4 - hits(t) : 0)),
    );
  // Before, the rarest class has recall 1/4 and the others 3/4; after, every class 2/4.
  const ce = strategy(
    'ce',
    matrix((c) => (c === 0 ? 1 : 3)),
    classNames,
  );
  const eos = strategy(
    'eos',
    matrix(() => 2),
    classNames,
  );
  const largest = 10 * classNames.length;
  return {
    formatVersion: 1,
    equipoise: '0.1.0',
    created: '2026-01-02T03:04:05.000Z',
    config: { data: 'insects', strategy: 'eos', seed: 0 },
    dataset: { name: 'insects', format: 'csv', modality: 'table', classNames, parts: [], notes: ['header: yes'] },
    backbone: null,
    store: 'store',
    split: {
      seed: 0,
      train: classNames.map((_, c) => 10 * (c + 1)),
      validation: classNames.map(() => 0),
      test: classNames.map(() => 4),
    },
    steps: [{ name: 'train', seconds: 1.25, detail: '2 epochs' }],
    baseline: ce,
    strategies: [
      {
        ...eos,
        resampling: {
          sampler: 'eos',
          options: { kNeighbors: 10 },
          perClass: classNames.map((name, classId) => ({
            classId,
            name,
            before: 10 * (classId + 1),
            after: largest,
            ...(classId === 0 && { kNeighbors: 7, fallback: 'only 7 rows in reach' }),
          })),
        },
      },
    ],
    comparisons: [],
    exported: [{ file: 'head.onnx', bytes: 1234, rowsChecked: 12, largestDifference: 2e-7, tolerance: 1e-4 }],
    failures: [],
  };
}
