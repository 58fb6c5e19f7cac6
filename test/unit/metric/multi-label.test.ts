import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brand, fromArrays } from '../../../src/core/embedding-set.js';
import {
  averagePrecision,
  evaluate,
  evaluateMultiLabel,
  evaluateMultiLabelPredictions,
} from '../../../src/metric/index.js';

const near = (got: number | null, wanted: number) =>
  assert.ok(got !== null && Math.abs(got - wanted) < 1e-6, `${got} is not ${wanted}`);

// Rows of classes a: .9+ .8− .3+ .6+ .1−, b: .4− .6+ .6+ .2− .7+, c: nobody, once predicted.
const probabilities = [0.9, 0.4, 0.2, 0.8, 0.6, 0.1, 0.3, 0.6, 0.7, 0.6, 0.2, 0.4, 0.1, 0.7, 0.3];
const targets = [1, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 0, 1, 0];
const classNames = ['a', 'b', 'c'];

test('average precision takes the precision at each new row that has the class', () => {
  // Ranked: + − + + −, precisions 1/1, 2/3, 3/4 at thirds of the recall: 0.805556.
  near(averagePrecision([0.9, 0.8, 0.3, 0.6, 0.1], [1, 0, 1, 1, 0]), 0.8055556);
  // Equal probabilities are one step, whatever their order: of two, one is right.
  near(averagePrecision([0.5, 0.5], [1, 0]), 0.5);
  near(averagePrecision([0.5, 0.5], [0, 1]), 0.5);
  assert.equal(averagePrecision([0.5], [0]), null);
});

test('scores of rows with any number of labels, as scikit-learn has them', () => {
  const judged = evaluateMultiLabelPredictions({ targets, probabilities, classNames });
  // a: .9+ .8− .6+ predicted, .3+ missed: F1 4/6. b: all three right, F1 1. c: one predicted, none there, F1 0.
  assert.deepEqual(
    judged.perClass.map(({ f1, support }) => [Number(f1.toFixed(6)), support]),
    [
      [0.666667, 3],
      [1, 3],
      [0, 0],
    ],
  );
  near(judged.macroF1, 5 / 9);
  // 5 right of 6 that are there and 7 predicted.
  near(judged.microF1, 10 / 13);
  near(judged.meanAveragePrecision, (0.8055556 + 1) / 2);
  // Wrong: a of rows 1 and 2, c of row 2.
  near(judged.hammingLoss, 3 / 15);
  near(judged.subsetAccuracy, 3 / 5);
});

test('thresholds decide what is predicted, not the ranking', () => {
  const judged = evaluateMultiLabelPredictions({ targets, probabilities, classNames, thresholds: [0.25, 0.5, 0.75] });
  // a: .9+ .8− .3+ .6+: F1 6/7; c is never predicted and left out of the mean.
  near(judged.macroF1, (6 / 7 + 1) / 2);
  near(judged.meanAveragePrecision, (0.8055556 + 1) / 2);
});

test('what is not to be judged is refused', async () => {
  const head = { classNames: ['a', 'b'], targets: 'many' as const, logits: () => new Float32Array(4) };
  const x = { data: new Float32Array(2), shape: [2, 1] };
  const many = brand(fromArrays(x, [['a'], ['b']]), 'test');
  const one = brand(fromArrays(x, ['a', 'b']), 'test');
  // Logits of 0 are probabilities of ½, which is predicted: F1 2/3 of both classes.
  near((await evaluateMultiLabel(head, many)).macroF1, 2 / 3);
  near((await evaluateMultiLabel({ ...head, thresholds: [0.6, 0.6] }, many)).macroF1, 0);
  await assert.rejects(evaluateMultiLabel(head, one), { code: 'ERR_DATA', message: /one label each/ });
  await assert.rejects(evaluateMultiLabel({ ...head, targets: 'one' }, many), { code: 'ERR_OPTION' });
  await assert.rejects(evaluate(head, many), { code: 'ERR_DATA', message: /evaluateMultiLabel/ });
  await assert.rejects(evaluate(head, one), { code: 'ERR_OPTION', message: /evaluateMultiLabel/ });
  const stranger = brand(fromArrays(x, [['a'], ['z']]), 'test');
  await assert.rejects(evaluateMultiLabel(head, stranger), { code: 'ERR_DATA', message: /"z"/ });
});
