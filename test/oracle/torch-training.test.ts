/** Heads and optimizers held against PyTorch; scripts/oracles/torch_training.py made the answers. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { asTraining, fromArrays } from '../../src/core/embedding-set.js';
import { createHead } from '../../src/head/index.js';
import { fitHead } from '../../src/train/index.js';

interface Case {
  title: string;
  head: { name: string } & Record<string, unknown>;
  optimizer: { name: string } & Record<string, unknown>;
  start: number[][];
  losses: number[];
  end: number[][];
}

const file = new URL('../../../test/oracle/torch-training.json', import.meta.url);
const { x, dim, y, cases } = JSON.parse(readFileSync(file, 'utf8')) as {
  x: number[];
  dim: number;
  y: number[];
  cases: Case[];
};
const train = asTraining(fromArrays({ data: Float32Array.from(x), shape: [y.length, dim] }, y));

for (const { title, head: choice, optimizer, start, losses, end } of cases)
  test(`PyTorch takes the same four steps: ${title}`, async () => {
    const { name, ...options } = choice;
    const head = createHead(name, { inputDim: dim, classes: 3, options });
    head.parameters.forEach(({ data }, p) => data.set(start[p] as number[]));
    const trained = await fitHead(train, {
      from: { head },
      head: choice,
      optimizer,
      learningRate: 0.1,
      schedule: 'constant',
      epochs: 4,
      batchSize: y.length,
    });
    trained.history.forEach(({ loss }, step) => assert.ok(Math.abs(loss - (losses[step] as number)) < 2e-5));
    trained.head.parameters.forEach(({ name: parameter, data }, p) =>
      data.forEach((w, j) => {
        const wanted = end[p]?.[j] as number;
        assert.ok(Math.abs(w - wanted) < 5e-5, `${parameter}[${j}]: ${w}, PyTorch ${wanted}`);
      }),
    );
  });
