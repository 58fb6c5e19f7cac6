/** Held against scikit-learn; scripts/oracles/ranking_metrics.py made the answers. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { evaluatePredictions } from '../../src/metric/index.js';

interface Case {
  truth: number[];
  odds: number[];
  rocAuc: number;
  prAuc: number;
}

const file = new URL('../../../test/oracle/ranking-metrics.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

for (const { truth, odds, rocAuc, prAuc } of cases)
  test(`areas under the curves of ${truth.length} rows, ties among them, are scikit-learn's`, () => {
    const found = evaluatePredictions({
      labels: truth,
      logits: odds.flatMap((value) => [0, value]),
      classNames: ['0', '1'],
      // Class 1 is the positive one for scikit-learn, however many rows it has.
      trainCounts: [2, 1],
    });
    assert.ok(Math.abs((found.rocAuc as number) - rocAuc) < 1e-12);
    assert.ok(Math.abs((found.prAuc as number) - prAuc) < 1e-12);
  });
