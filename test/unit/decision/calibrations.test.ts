import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibrations } from '../../../src/decision/calibrations.js';
import { estimatePrior } from '../../../src/decision/index.js';

const close = (got: number | undefined, want: number, tolerance = 1e-6) =>
  assert.ok(got !== undefined && Math.abs(got - want) < tolerance, `${got} is not ${want}`);

/** Rows of two classes with the logits (z, 0). */
const twoClasses = (z: readonly number[], labels: readonly number[]) => ({
  logits: Float32Array.from(z.flatMap((value) => [value, 0])),
  labels: Int32Array.from(labels),
  classes: 2,
});
const classNames = ['a', 'b'];

test('temperature makes the confidence of alike rows the share that is right', () => {
  // Four rows of logits (4, 0), three of them right: the loss is least where the sigmoid of 4/T is 3/4, so 4/T = log 3.
  const held = twoClasses([4, 4, 4, 4], [0, 0, 0, 1]);
  const { found, scale } = calibrations.temperature.fit({ options: { evenClasses: false }, classNames, held });
  close(found['temperature'] as number, 4 / Math.log(3), 1e-9);
  close(scale as number, Math.log(3) / 4, 1e-9);
});

test('temperature with evenClasses weighs the rare class up', () => {
  // Rows of logits (2, 0), all but one of class 0, and one of (−2, 0) of class 1. Weights 5/(2·4) for a, 5/2 for b.
  // Right: three of a, 15/8, and the row of b, 5/2; wrong: one of a, 5/8, whose logits are (−2, 0). So right : wrong = 35 : 5.
  const held = twoClasses([2, 2, 2, -2, -2], [0, 0, 0, 0, 1]);
  const fit = (evenClasses: boolean) =>
    calibrations.temperature.fit({ options: { evenClasses }, classNames, held }).found['temperature'] as number;
  close(fit(true), 2 / Math.log(35 / 5), 1e-9);
  close(fit(false), 2 / Math.log(4 / 1), 1e-9);
});

test('temperature stays 1, and says so, where every row is right and none is too low', () => {
  const held = twoClasses([4, 1, -2], [0, 0, 1]);
  const { found, scale } = calibrations.temperature.fit({ options: { evenClasses: false }, classNames, held });
  assert.equal(found['temperature'], 1);
  assert.match(String(found['note']), /right on every held-out row/);
  assert.equal(scale, undefined);
});

test('temperature stops at its limit where logits are worth nothing', () => {
  const held = twoClasses([4, 4, -4, -4], [1, 1, 0, 0]);
  const { found } = calibrations.temperature.fit({ options: { evenClasses: false }, classNames, held });
  assert.equal(found['temperature'], 100);
  assert.match(String(found['note']), /limit/);
});

test('a bias a class takes over what a balanced training did to the shares', () => {
  // Logits that say nothing; 3 of 4 rows are of class a. Without ridge the shift's odds are the shares' odds.
  const held = twoClasses([0, 0, 0, 0], [0, 0, 0, 1]);
  const fit = (ridge: number) => {
    const options = { evenClasses: false, ridge };
    const { shift } = calibrations['bias-corrected-temperature'].fit({ options, classNames, held });
    return (shift?.[0] as number) - (shift?.[1] as number);
  };
  close(fit(0), Math.log(3), 1e-4);
  assert.ok(fit(1) > 0.2 && fit(1) < fit(0), 'the ridge holds it back');
});

test('prior-shift multiplies probabilities by target over training share', () => {
  const { 'prior-shift': priorShift } = calibrations;
  const options = { targetPrior: [0.9, 0.1], trainPrior: [1, 1] };
  // p = (0.5, 0.5) becomes (0.9, 0.1): odds 1 · (0.9 / 0.5) / (0.1 / 0.5) = 9.
  const { shift } = priorShift.fit({ options, classNames });
  close((shift?.[0] as number) - (shift?.[1] as number), Math.log(9), 1e-12);
  const known = priorShift.fit({
    options: { targetPrior: 'original', trainPrior: 'effective' },
    classNames,
    classCounts: [30, 10],
    effectivePrior: [0.5, 0.5],
  });
  assert.deepEqual(known.found, { train: [0.5, 0.5], target: [0.75, 0.25] });
});

test('prior-shift refuses what it does not know', () => {
  const fit = (targetPrior: 'original' | readonly number[], more: object) => () =>
    calibrations['prior-shift'].fit({ options: { targetPrior, trainPrior: 'effective' }, classNames, ...more });
  assert.throws(fit('original', { classCounts: [3, 1] }), { code: 'ERR_OPTION', message: /Give trainPrior/ });
  assert.throws(fit('original', { effectivePrior: [0.5, 0.5] }), { code: 'ERR_OPTION', message: /Give targetPrior/ });
  assert.throws(fit([1, 1, 1], { effectivePrior: [0.5, 0.5] }), {
    code: 'ERR_SHAPE',
    message: /3 entries but there are 2/,
  });
  assert.throws(fit('original', { effectivePrior: [1, 0], classCounts: [3, 1] }), {
    code: 'ERR_DATA',
    message: /there is none of b/,
  });
});

test('expectation maximisation finds the shares of rows that the classifier can tell apart', () => {
  // Trained on even shares, with p(x = 0 | a) = 0.8 and p(x = 1 | b) = 0.6: p(a | x = 0) = 0.8 / (0.8 + 0.4), p(a | x = 1) = 0.2 / 0.8.
  // Of rows with shares (0.25, 0.75), 0.25 · 0.8 + 0.75 · 0.4 = 1/2 have x = 0.
  const [first, second] = [2 / 3, 1 / 4];
  const shares = estimatePrior([first, 1 - first, second, 1 - second], [0.5, 0.5], {
    iterations: 100000,
    tolerance: 1e-13,
  });
  close(shares[0], 0.25, 1e-6);
  close(shares[1], 0.75, 1e-6);
  assert.throws(() => estimatePrior([1, 0, 1], [0.5, 0.5]), { code: 'ERR_SHAPE' });
  assert.throws(() => estimatePrior([], [0.5, 0.5]), { code: 'ERR_DATA' });
});
