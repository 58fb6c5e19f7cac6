import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '../../../src/core/rng.js';
import { decisionRules } from '../../../src/decision/decision-rules.js';
import { Tally } from '../../../src/decision/tally.js';
import { climb, thresholdsOf } from '../../../src/decision/thresholds.js';
import { decideClasses } from '../../../src/head/index.js';
import { f1 } from '../../../src/metric/confusion.js';
import { metrics, type ConfusionMatrix } from '../../../src/metric/index.js';

const valueOf = (name: 'macro-f1' | 'balanced-accuracy' | 'accuracy') => (confusion: ConfusionMatrix) =>
  metrics[name].compute(confusion, {} as never);

/** Of one column of scores: yes above the threshold, for the best F1 of yes. */
function bestThreshold(scores: readonly number[], positives: readonly number[]) {
  const held = {
    logits: Float32Array.from(scores.flatMap((score) => [0, score])),
    labels: Int32Array.from(positives),
    classes: 2,
  };
  const { offsets, best } = climb({ held, value: (confusion) => f1(confusion, 1) }, [0, 0]);
  return { threshold: (offsets[0] as number) - (offsets[1] as number), value: best };
}

test('the best threshold lies halfway between the scores that it tells apart', () => {
  // Yes above 0.35: 2 right, 1 wrong, none missed: F1 = 4/5. Yes above 0.65: 1 right, none wrong, 1 missed: 2/3.
  const { threshold, value } = bestThreshold([0.125, 0.25, 0.375, 0.875], [0, 1, 0, 1]);
  assert.equal(value, 0.8);
  assert.ok(Math.abs(threshold - (0.125 + 0.25) / 2) < 1e-6, String(threshold));
});

test('rows of one score stay together', () => {
  // The three rows at 0.5 are one: yes for all has 2 right, 1 wrong, F1 4/5, and no cut between them is better.
  const { value, threshold } = bestThreshold([0.5, 0.5, 0.5, 0.25], [1, 1, 0, 0]);
  assert.equal(value, 0.8);
  assert.ok(threshold > 0.25 && threshold < 0.5);
});

test('no threshold moves where none is better', () => {
  const held = { logits: Float32Array.of(1, 0, 0, 1), labels: Int32Array.of(0, 1), classes: 2 };
  const { offsets } = decisionRules.thresholds.fit({ held, value: valueOf('accuracy'), shares: [0.5, 0.5] });
  assert.deepEqual(offsets, [0, 0]);
});

test('thresholds of two classes are those that a probability is compared with', () => {
  // Offsets (−1, 1): class 1 is named where z1 + 1 > z0 − 1, at odds of e^−2 or more.
  const [, second] = thresholdsOf([-1, 1]);
  assert.ok(Math.abs((second as number) - 1 / (1 + Math.exp(2))) < 1e-12);
});

test('each sweep is exact: no other offset of any one class is better', () => {
  const draws = createRng(3, 'thresholds').at(0);
  const [rows, classes] = [60, 4];
  const labels = Int32Array.from({ length: rows }, (_, i) => (i % 10 < 6 ? 0 : i % 10 < 8 ? 1 : 2 + (i % 2)));
  // Multiples of 1/64, with ties among them.
  const logits = Float32Array.from(
    { length: rows * classes },
    (_, at) => Math.round(64 * (draws.normal() + (labels[Math.floor(at / classes)] === at % classes ? 1 : 0))) / 64,
  );
  const held = { logits, labels, classes };
  for (const metric of ['macro-f1', 'balanced-accuracy'] as const) {
    const value = valueOf(metric);
    const reach = (offsets: readonly number[]) =>
      value(new Tally(classes, labels, decideClasses(logits, classes, offsets)));
    const { offsets } = decisionRules.thresholds.fit({ held, value, shares: [0.6, 0.2, 0.1, 0.1] });
    const best = reach(offsets);
    assert.ok(best > reach([0, 0, 0, 0]) + 0.01, `${metric} rose to ${best}`);
    for (let c = 0; c < classes; c++)
      for (let step = -800; step <= 800; step++) {
        // Odd multiples of 1/128: between the limits, which are multiples of 1/64 up to the shift of the other offsets.
        const other = offsets.map((offset, k) => (k === c ? offset + (2 * step + 1) / 256 : offset));
        assert.ok(reach(other) <= best + 1e-12, `${metric}: class ${c} by ${step}`);
      }
  }
});

test('turning a row from one wrong class to another is looked at, too, for it may raise the precision of the first', () => {
  // Class 1 is named for its own row, with a lead of 1 over class 2, and for one of class 2, with 1.5 over class 0: lowering it
  // loses its own row first, raising class 0 takes only the one that is wrong already.
  const held = {
    logits: Float32Array.from(
      [
        [9, 0, 0],
        [-9, 1, 0],
        [3, 4.5, 0],
      ].flat(),
    ),
    labels: Int32Array.of(0, 1, 2),
    classes: 3,
  };
  // Precision of class 1 alone, as a metric of one's own: 1/2 before, 1 after.
  const value = ({ counts, predicted }: ConfusionMatrix) => (predicted[1] ? (counts[4] as number) / predicted[1] : 0);
  const { offsets } = climb({ held, value }, [0, 0, 0]);
  assert.deepEqual([...decideClasses(held.logits, 3, [...offsets])], [0, 1, 0]);
});

test('adjusted logits take one strength for all classes, 0 where nothing is gained', () => {
  // Class 1 has a tenth of the rows and one logit less than it takes: tau · log 9 must lie above 1 and below 3.
  const held = {
    logits: Float32Array.from([...Array<number[]>(9).fill([3, 0]), [1, 0]].flat()),
    labels: Int32Array.from([...Array<number>(9).fill(0), 1]),
    classes: 2,
  };
  const context = { held, value: valueOf('balanced-accuracy'), shares: [0.9, 0.1] };
  const { found, offsets } = decisionRules['adjusted-logits'].fit(context);
  assert.equal(found['tau'], 0.5); // 0.45 · log 9 = 0.989, 0.5 · log 9 = 1.099
  assert.deepEqual([...decideClasses(held.logits, 2, offsets)], [...held.labels]);
  const certain = { ...held, logits: Float32Array.from([...held.labels].flatMap((c) => [1 - c, c])) };
  assert.equal(decisionRules['adjusted-logits'].fit({ ...context, held: certain }).found['tau'], 0);
});
