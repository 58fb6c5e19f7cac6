import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateOutcomes, evaluatePredictions, outcomesOf } from '../../../src/metric/index.js';

/** Logits of two classes with the given log-odds of the second. */
const logits = (odds: readonly number[]) => odds.flatMap((value) => [0, value]);
const classNames = ['common', 'rare'];
const judge = (labels: number[], odds: number[]) => evaluatePredictions({ labels, logits: logits(odds), classNames });

test('areas under the curves, by hand', () => {
  // By falling score: rare, common, rare, common, common. Pairs (rare above common): 3 for the first, 2 for the second, of
  // 2 · 3: 5/6. Precision at the rare rows: 1/1 and 2/3, mean 5/6.
  const { rocAuc, prAuc } = judge([1, 0, 1, 0, 0], [5, 4, 3, 2, 1]);
  assert.ok(Math.abs((rocAuc as number) - 5 / 6) < 1e-12);
  assert.ok(Math.abs((prAuc as number) - 5 / 6) < 1e-12);
  // Common first: pairs 0 + 2 of 4; precision 1/2 and 2/3.
  const other = judge([0, 1, 1, 0], [4, 3, 2, 1]);
  assert.equal(other.rocAuc, 0.5);
  assert.ok(Math.abs((other.prAuc as number) - (1 / 2 + 2 / 3) / 2) < 1e-12);
});

test('rows of equal score cannot be told apart', () => {
  // All equal: every pair counts half, and precision is the share of rare rows.
  const { rocAuc, prAuc } = judge([1, 0, 0, 0], [2, 2, 2, 2]);
  assert.deepEqual([rocAuc, prAuc], [0.5, 0.25]);
});

test('the rare class is the positive one, whichever comes first', () => {
  const odds = [5, 4, 3, 2, 1];
  const forward = judge([1, 0, 1, 0, 0], odds);
  const turned = judge(
    [0, 1, 0, 1, 1],
    odds.map((value) => -value),
  );
  assert.deepEqual([turned.rocAuc, turned.prAuc], [forward.rocAuc, forward.prAuc]);
  // By training rows where they are known: now class 0 is the rare one.
  const known = evaluatePredictions({
    labels: [1, 0, 1, 0, 0],
    logits: logits(odds),
    classNames,
    trainCounts: [1, 9],
  });
  assert.equal(known.rocAuc, forward.rocAuc);
  assert.notEqual(known.prAuc, forward.prAuc);
});

test('probabilities and logits rank alike; sure rows stay in order', () => {
  const p = [0.9, 0.4, 0.7];
  const probabilities = p.flatMap((value) => [1 - value, value]);
  assert.equal(evaluatePredictions({ labels: [1, 0, 1], probabilities, classNames }).rocAuc, 1);
  // Both probabilities are 1 in float64, but the logits differ.
  assert.equal(judge([0, 1], [50, 60]).rocAuc, 1);
});

test('three classes, or one alone, have no such curve', () => {
  assert.equal(judge([1, 1], [0, 1]).rocAuc, null);
  const three = evaluatePredictions({
    labels: [0, 1, 2],
    logits: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    classNames: ['a', 'b', 'c'],
  });
  assert.deepEqual([three.rocAuc, three.prAuc], [null, null]);
});

test('scores of two models are not ranked against each other, all else is pooled', () => {
  const labels = [1, 0, 1, 0];
  const first = outcomesOf({ labels, logits: logits([4, 3, 2, 1]), classNames });
  const second = outcomesOf({ labels, logits: logits([-1, -2, -3, -4]), classNames });
  const both = evaluateOutcomes([first, second], { classNames });
  // 3 of 4 pairs in each; pooled it would be (4 + 4 + 3 · 2 …) of another ranking.
  assert.equal(both.rocAuc, 0.75);
  assert.deepEqual(both.confusion, [
    [2, 2],
    [2, 2],
  ]);
  assert.equal(both.rows, 8);
  const alone = [first, second].map((one) => evaluateOutcomes([one], { classNames }).logLoss);
  assert.ok(Math.abs(both.logLoss - ((alone[0] as number) + (alone[1] as number)) / 2) < 1e-12);
});
