import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeComparison, summary } from '../../../src/report/index.js';
import { change, count, metricName, score, seconds } from '../../../src/report/wording.js';
import { exampleResult } from './example-result.js';

const comparison = {
  baseline: 'ce',
  strategy: 'eos',
  metric: 'balancedAccuracy',
  higherIsBetter: true,
  before: 0.61,
  after: 0.68,
  seeds: 3,
};
const interval = { confidence: 0.95, method: 'paired t' };

test('a metric without an interval is told without a verdict', () => {
  assert.equal(
    describeComparison({ ...comparison, seeds: 1, interval: null }),
    'Balanced accuracy went from 0.610 (ce) to 0.680 (eos): +0.070.',
  );
});

test('an interval that holds zero is called chance, one that does not an improvement or a loss', () => {
  const say = (low: number, high: number, after = 0.68) =>
    describeComparison({ ...comparison, after, interval: { ...interval, low, high } });
  assert.equal(
    say(0.041, 0.099),
    'Balanced accuracy went from 0.610 (ce) to 0.680 (eos): +0.070, an improvement (95% interval +0.041 to +0.099, 3 seeds).',
  );
  assert.match(say(-0.01, 0.15), /, which may be chance \(95% interval −0\.010 to \+0\.150, 3 seeds\)\.$/);
  assert.match(say(0, 0.14), /may be chance/);
  assert.match(say(-0.05, -0.01, 0.58), /: −0\.030, a loss \(/);
});

test('for a metric that should be low a rise is a loss', () => {
  const rise = {
    ...comparison,
    metric: 'logLoss',
    higherIsBetter: false,
    interval: { ...interval, low: 0.01, high: 0.1 },
  };
  assert.match(describeComparison(rise), /^Log loss went .*, a loss \(/);
});

test('numbers are written the same everywhere', () => {
  assert.deepEqual([score(0.12345), score(null), score(Number.NaN)], ['0.123', '–', '–']);
  assert.deepEqual([change(0.0004), change(-0.0006), change(0.25), change(null)], ['0.000', '−0.001', '+0.250', '–']);
  assert.deepEqual([count(7), count(1234), count(1234567)], ['7', '1,234', '1,234,567']);
  assert.deepEqual([seconds(0.5), seconds(61.26), seconds(3725)], ['0.50 s', '61.3 s', '62 min 5 s']);
  assert.deepEqual([metricName('macroF1'), metricName('someNewMetric')], ['macro F1', 'some new metric']);
});

test('the summary counts classes up and down, and tells of lost items', () => {
  const result = exampleResult();
  // 10 + 20 + 30 training rows; recall 1/4 → 2/4 for ant, 3/4 → 2/4 for bee and cat.
  assert.deepEqual(summary(result), [
    '3 classes, 60 training rows (largest class 3.0 times the smallest), 12 test rows.',
    'eos reaches a balanced accuracy of 0.500 and a macro F1 of 0.500 on the test rows (one seed).',
    'Recall rose in 1 of 3 classes and fell in 2.',
  ]);
  const failures = [{ id: 'a', source: 'a.jpg', reason: 'truncated' }];
  assert.equal(summary({ ...result, failures }).at(-1), '1 item could not be read and took no part.');
});
