/** Losses held against PyTorch's autograd; scripts/oracles/torch_losses.py made the answers. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createLoss, losses } from '../../src/loss/index.js';

const file = new URL('../../../test/oracle/torch-losses.json', import.meta.url);
const { cases, ...given } = JSON.parse(readFileSync(file, 'utf8')) as {
  logits: number[];
  labels: number[];
  targets: number[];
  classCounts: number[];
  trainingRows: number;
  recalls: number[];
  rowNorms: number[];
  cosineScale: number;
  cases: { loss: string; options: object; value: number; gradient: number[] }[];
};
const rows = given.labels.length;
const batch = {
  logits: Float32Array.from(given.logits),
  labels: Int32Array.from(given.labels),
  targets: Float32Array.from(given.targets),
  rows,
  classes: given.logits.length / rows,
  classCounts: Int32Array.from(given.classCounts),
  trainingRows: given.trainingRows,
  recalls: Float64Array.from(given.recalls),
  rowNorms: Float32Array.from(given.rowNorms),
  cosineScale: given.cosineScale,
  epoch: 9,
  epochs: 10,
  step: 0,
  seed: 0,
};

for (const { loss, options, value, gradient } of cases)
  test(`PyTorch gives the same value and gradient: ${loss} ${JSON.stringify(options)}`, () => {
    const ours = new Float32Array(gradient.length);
    const got = createLoss(loss, options).evaluate(batch, ours);
    assert.ok(Math.abs(got - value) < 1e-5 * Math.max(1, Math.abs(value)), `${got}, PyTorch ${value}`);
    gradient.forEach((wanted, j) =>
      assert.ok(
        Math.abs((ours[j] as number) - wanted) < 1e-5 * Math.max(1, Math.abs(wanted)),
        `[${j}]: ${ours[j]}, PyTorch ${wanted}`,
      ),
    );
  });

test('every loss is among them', () => {
  assert.deepEqual([...new Set(cases.map(({ loss }) => loss))].sort(), Object.keys(losses).sort());
});
