/** Calibration curves, best thresholds and calibrations, held against scikit-learn and scipy; scripts/oracles/decision.py made the answers. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { calibrations } from '../../src/decision/calibrations.js';
import { climb } from '../../src/decision/thresholds.js';
import { f1 } from '../../src/metric/confusion.js';
import { calibrationCurve, evaluatePredictions, metrics, type ConfusionMatrix } from '../../src/metric/index.js';

const path = new URL('../../../test/oracle/decision.json', import.meta.url);
const { curve, threshold, calibration } = JSON.parse(readFileSync(path, 'utf8')) as {
  curve: {
    probabilities: number[];
    happened: number[];
    brier: number;
    curves: { strategy: 'uniform' | 'quantile'; bins: number; share: number[]; probability: number[] }[];
  };
  threshold: { scores: number[]; positives: number[]; best: Record<'f1' | 'macro-f1' | 'balanced-accuracy', number> };
  calibration: {
    classes: number;
    logits: number[];
    labels: number[];
    temperature: number;
    loss: [number, number];
    fits: Record<'bias-corrected-temperature' | 'vector-scaling', number[]>;
  };
};

const close = (got: number | undefined, want: number | undefined, tolerance: number, what: string) =>
  assert.ok(Math.abs((got as number) - (want as number)) < tolerance, `${what}: ${got} is not ${want}`);

test('calibration curves are those of calibration_curve', () => {
  for (const { strategy, bins, share, probability } of curve.curves) {
    const groups = calibrationCurve(curve.happened, curve.probabilities, { strategy, bins });
    assert.equal(groups.length, share.length);
    groups.forEach((group, i) => {
      close(group.share, share[i], 1e-9, `${strategy} ${bins} share ${i}`);
      close(group.probability, probability[i], 1e-9, `${strategy} ${bins} probability ${i}`);
    });
  }
});

test('the Brier score of two classes is twice that of brier_score_loss', () => {
  const { brierScore } = evaluatePredictions({
    labels: curve.happened,
    probabilities: curve.probabilities.flatMap((p) => [1 - p, p]),
    classNames: ['no', 'yes'],
  });
  close(brierScore, 2 * curve.brier, 1e-12, 'Brier score');
});

test('the best threshold is as good as the best of all cuts', () => {
  const { scores, positives, best } = threshold;
  const of = (name: 'macro-f1' | 'balanced-accuracy') => (confusion: ConfusionMatrix) =>
    metrics[name].compute(confusion, {} as never);
  const values = {
    f1: (m: ConfusionMatrix) => f1(m, 1),
    'macro-f1': of('macro-f1'),
    'balanced-accuracy': of('balanced-accuracy'),
  };
  for (const [name, value] of Object.entries(values)) {
    const logits = Float32Array.from(scores.flatMap((score) => [0, score]));
    const found = climb({ held: { logits, labels: Int32Array.from(positives), classes: 2 }, value }, [0, 0]);
    close(found.best, best[name as keyof typeof best], 1e-12, name);
  }
});

test('temperature, bias correction and vector scaling are the optima that scipy finds', () => {
  const { classes, labels } = calibration;
  const held = { logits: Float32Array.from(calibration.logits), labels: Int32Array.from(labels), classes };
  const classNames = Array.from({ length: classes }, (_, c) => String(c));
  const { found } = calibrations.temperature.fit({ options: { evenClasses: false }, classNames, held });
  close(found['temperature'] as number, calibration.temperature, 1e-6, 'temperature');
  const lossAt = (t: number) =>
    evaluatePredictions({ labels, logits: calibration.logits.map((z) => z / t), classNames }).logLoss;
  close(lossAt(1), calibration.loss[0], 1e-12, 'loss before');
  close(lossAt(found['temperature'] as number), calibration.loss[1], 1e-12, 'loss after');
  for (const [name, scales] of [
    ['bias-corrected-temperature', 1],
    ['vector-scaling', classes],
  ] as const) {
    const { scale, shift } = calibrations[name].fit({ options: { evenClasses: false, ridge: 1 }, classNames, held });
    const wanted = calibration.fits[name];
    for (let c = 0; c < classes; c++) {
      close((scale as number[])[c], 1 + (wanted[c % scales] as number), 1e-4, `${name} scale ${c}`);
      close(shift?.[c], wanted[scales + c], 1e-4, `${name} shift ${c}`);
    }
  }
});
