/** Every metric over random and degenerate confusion matrices. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '../../src/core/rng.js';
import { evaluatePredictions, metrics } from '../../src/metric/index.js';

const camelCase = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Labels and scores of one case; scores are probabilities where they sum to 1. */
interface Case {
  what: string;
  classes: number;
  labels: number[];
  logits: number[];
}

const oneHot = (predicted: readonly number[], classes: number) =>
  predicted.flatMap((p) => Array.from({ length: classes }, (_, c) => (c === p ? 4 : 0)));

const cases: Case[] = [
  { what: 'one class only', classes: 1, labels: [0, 0], logits: [1, 1] },
  { what: 'a class without true rows', classes: 3, labels: [0, 1, 0], logits: oneHot([0, 2, 2], 3) },
  { what: 'a class without any row', classes: 4, labels: [0, 1, 0], logits: oneHot([0, 1, 1], 4) },
  { what: 'everything wrong', classes: 2, labels: [0, 1, 0], logits: oneHot([1, 0, 1], 2) },
  { what: 'one row', classes: 2, labels: [1], logits: [0, 1] },
];
for (let i = 0; i < 20; i++) {
  const draws = createRng(5, 'metrics').at(i);
  const classes = 2 + draws.below(6);
  const labels = Array.from({ length: 30 }, () => draws.below(classes));
  const logits = Array.from({ length: 30 * classes }, () => 3 * draws.normal());
  cases.push({ what: `random case ${i}`, classes, labels, logits });
}

const judge = ({ classes, labels, logits }: Case) => {
  const classNames = Array.from({ length: classes }, (_, c) => String(c));
  const trainCounts = classNames.map((_, c) => [500, 50, 5][c % 3]!);
  return evaluatePredictions({ labels, logits, classNames, trainCounts }) as unknown as Record<string, number | null>;
};

for (const [name, metric] of Object.entries(metrics)) {
  test(`${name}: is named after its key and stays in its range`, () => {
    assert.equal(metric.name, name);
    assert.ok(metric.summary.length > 10);
    for (const given of cases) {
      const value = judge(given)[camelCase(name)];
      if (value === null) continue;
      assert.ok(
        typeof value === 'number' && value >= metric.range[0] && value <= metric.range[1],
        `${given.what}: ${value}`,
      );
    }
  });

  test(`${name}: a perfect prediction is the best value there is`, () => {
    const values = [3, 2].map((classes) => {
      const labels = [0, 1, 2, 2, 1, 0, 0].map((label) => label % classes);
      const logits = oneHot(labels, classes).map((score) => 100 * score);
      return judge({ what: 'perfect', classes, labels, logits })[camelCase(name)];
    });
    // Some are for two classes only.
    const value = values.find((found) => found !== null);
    assert.ok(Math.abs(value! - (metric.higherIsBetter ? 1 : 0)) < 1e-12, String(value));
  });

  test(`${name}: does not depend on the order of rows`, () => {
    for (const { what, classes, labels, logits } of cases) {
      const order = labels.map((_, i) => labels.length - 1 - i);
      const turned = {
        what,
        classes,
        labels: order.map((i) => labels[i]!),
        logits: order.flatMap((i) => logits.slice(i * classes, (i + 1) * classes)),
      };
      const [one, other] = [judge({ what, classes, labels, logits }), judge(turned)].map((e) => e[camelCase(name)]);
      if (one === null) assert.equal(other, null);
      else assert.ok(Math.abs(one! - other!) < 1e-12);
    }
  });
}
