/** Every registered loss: gradient by finite differences, shift invariance, soft labels, refusals. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '../../src/core/rng.js';
import { createLoss, losses, type LossBatch, type LossDefinition } from '../../src/loss/index.js';

const rows = 4;
const classes = 3;
const draws = createRng(7, 'test/losses').at(0);
// Multiples of 1/64, so that the differences below are exact in float32.
const logits = Float32Array.from({ length: rows * classes }, () => (draws.below(257) - 128) / 64);
const hard: LossBatch = {
  logits,
  labels: Int32Array.of(0, 2, 1, 2),
  rows,
  classes,
  classCounts: Int32Array.of(100, 10, 1),
  // Past every deferral.
  epoch: 9,
  epochs: 10,
  step: 90,
  seed: 0,
  cosineScale: 1,
  rowNorms: Float32Array.of(3, 1, 2, 5),
  recalls: Float64Array.of(0.9, 0.5, 0.2),
};
const soft: LossBatch = {
  ...hard,
  otherLabels: Int32Array.of(1, 2, 0, 0),
  labelWeights: Float32Array.of(0.75, 1, 0.5, 0.25),
  sampleWeights: Float32Array.of(1, 2, 0.5, 0),
};

const registry = Object.entries<LossDefinition<never>>(losses as never);

for (const [name, definition] of registry) {
  if (definition.targets === 'many') continue;
  const variants: Record<string, unknown>[] = [{}];
  if ('classWeights' in definition.options)
    for (const reduction of ['mean', 'weight-mean'])
      for (const classWeights of ['inverse-frequency', 'effective-number', [1, 0, 2]])
        variants.push({ classWeights, reduction });
  if ('labelSmoothing' in definition.options) variants.push({ labelSmoothing: 0 }, { labelSmoothing: 0.1 });
  if ('labelSmoothing' in definition.options && 'classWeights' in definition.options)
    variants.push({ labelSmoothing: 0.1, classWeights: [1, 2, 3] });
  for (const option of ['gamma', 'gammaOwn', 'gammaOthers', 'tau', 'headSmoothing', 'power'])
    if (option in definition.options) variants.push({ [option]: 0 }, { [option]: 0.5 });
  if ('counts' in definition.options) variants.push({ counts: 'training-set' });

  for (const options of variants)
    for (const [kind, batch] of Object.entries({ hard, soft })) {
      const title = `${name} ${JSON.stringify(options)} with ${kind} labels`;

      test(`${title}: the gradient is the slope of the value`, () => {
        const { evaluate } = createLoss(name, options);
        const gradient = new Float32Array(rows * classes);
        const scratch = new Float32Array(rows * classes);
        evaluate(batch, gradient);
        const h = 1 / 64;
        for (let j = 0; j < logits.length; j++) {
          const at = (shift: number) => {
            const moved = logits.slice();
            moved[j] = (moved[j] as number) + shift;
            return evaluate({ ...batch, logits: moved }, scratch);
          };
          // Five points: the error is of the order h^4 times the fifth derivative, about 1e-8.
          const slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
          assert.ok(
            Math.abs(slope - (gradient[j] as number)) < 2e-6,
            `logit ${j}: slope ${slope}, gradient ${gradient[j]}`,
          );
        }
      });

      test(`${title}: each row's slopes sum to 0, unless declared otherwise`, () => {
        const { evaluate } = createLoss(name, options);
        const gradient = new Float32Array(rows * classes);
        evaluate(batch, gradient);
        const sums = Array.from({ length: rows }, (_, i) =>
          Math.abs(gradient.subarray(i * classes, (i + 1) * classes).reduce((a, b) => a + b, 0)),
        );
        if (definition.shiftInvariant !== false) assert.ok(Math.max(...sums) < 1e-5, `${sums}`);
        else if (Object.keys(options).length === 0) assert.ok(Math.max(...sums) > 1e-3, `${sums}`);
      });

      if (definition.shiftInvariant === false) continue;
      test(`${title}: adding a constant to the logits of a row changes nothing`, () => {
        const { evaluate } = createLoss(name, options);
        const gradient = new Float32Array(rows * classes);
        const before = evaluate(batch, gradient);
        const shifted = evaluate({ ...batch, logits: logits.map((z) => z + 3) }, new Float32Array(rows * classes));
        assert.ok(Math.abs(shifted - before) < 1e-5 * Math.max(1, Math.abs(before)));
      });
    }

  test(`${name}: a soft label whose whole share is one class is that class`, () => {
    const hardGradient = new Float32Array(rows * classes);
    const softGradient = new Float32Array(rows * classes);
    const { evaluate } = createLoss(name);
    const expected = evaluate(hard, hardGradient);
    const whole = { otherLabels: Int32Array.of(1, 1, 1, 1), labelWeights: Float32Array.of(1, 1, 1, 1) };
    assert.ok(Math.abs(evaluate({ ...hard, ...whole }, softGradient) - expected) < 1e-12);
    assert.deepEqual(softGradient, hardGradient);
  });

  for (const need of definition.needs ?? [])
    test(`${name}: is refused without ${need}`, () => {
      const { [need]: _, ...without } = hard;
      const run = () => createLoss(name).evaluate(without, new Float32Array(rows * classes));
      assert.throws(run, { code: 'ERR_OPTION' });
    });

  test(`${name}: a class without training rows makes no NaN`, () => {
    const gradient = new Float32Array(rows * classes);
    const batch = { ...hard, classCounts: Int32Array.of(100, 0, 1), labels: Int32Array.of(0, 2, 2, 2) };
    assert.ok(Number.isFinite(createLoss(name).evaluate(batch, gradient)));
    assert.ok(gradient.every(Number.isFinite));
  });

  test(`${name}: rows that are certain, rightly or wrongly, make no NaN`, () => {
    const gradient = new Float32Array(rows * classes);
    const sure = Float32Array.of(1e4, 0, 0, 0, 0, 200, 200, 0, 0, -1e4, 0, 1e4);
    assert.ok(Number.isFinite(createLoss(name).evaluate({ ...hard, logits: sure }, gradient)));
    assert.ok(gradient.every(Number.isFinite));
  });

  for (const bad of [NaN, Infinity])
    test(`${name}: a logit of ${bad} is refused`, () => {
      const poisoned = logits.slice();
      poisoned[4] = bad;
      const run = () => createLoss(name).evaluate({ ...hard, logits: poisoned }, new Float32Array(rows * classes));
      assert.throws(run, { code: 'ERR_DATA', message: /row 1 of the batch/ });
    });

  test(`${name}: an unknown option is refused`, () => {
    assert.throws(() => createLoss(name, { nothing: 1 }), { code: 'ERR_OPTION' });
    for (const option of Object.keys(definition.options))
      assert.throws(() => createLoss(name, { [option]: NaN }), { code: 'ERR_OPTION' });
  });
}

/** Rows with any number of labels; the first has none, the last two. */
const many: LossBatch = {
  ...hard,
  targets: Float32Array.of(0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1),
  trainingRows: 120,
  sampleWeights: Float32Array.of(1, 2, 0.5, 1),
};

for (const [name, definition] of registry) {
  if (definition.targets !== 'many') continue;
  const variants: Record<string, unknown>[] = [{}];
  if ('positiveWeights' in definition.options)
    variants.push({ positiveWeights: 'balanced' }, { positiveWeights: [1, 0, 2] });
  for (const option of ['gamma', 'gammaPositive', 'gammaNegative', 'margin', 'positiveShare', 'rareBelow'])
    if (option in definition.options) variants.push({ [option]: 0 }, { [option]: 0.25 }, { [option]: 0.5 });

  for (const options of variants) {
    const evaluate = (logits: Float32Array, gradient = new Float32Array(rows * classes)) =>
      createLoss(name, options).evaluate({ ...many, logits }, gradient);

    test(`${name} ${JSON.stringify(options)}: the gradient is the slope of the value`, () => {
      const gradient = new Float32Array(rows * classes);
      evaluate(logits, gradient);
      const h = 1 / 64;
      for (let j = 0; j < logits.length; j++) {
        const at = (shift: number) => evaluate(logits.map((z, k) => (k === j ? z + shift : z)));
        const slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
        assert.ok(
          Math.abs(slope - (gradient[j] as number)) < 2e-6,
          `logit ${j}: slope ${slope}, gradient ${gradient[j]}`,
        );
      }
    });

    test(`${name} ${JSON.stringify(options)}: answers that are certain, right or wrong, make no NaN`, () => {
      const gradient = new Float32Array(rows * classes);
      const sure = Float32Array.of(1e4, -1e4, 0, -200, 200, 90, 0, 0, -90, -1e4, 1e4, 0);
      assert.ok(Number.isFinite(evaluate(sure, gradient)));
      assert.ok(gradient.every(Number.isFinite));
    });
  }

  test(`${name}: a class without training rows makes no NaN`, () => {
    const gradient = new Float32Array(rows * classes);
    const value = createLoss(name).evaluate({ ...many, classCounts: Int32Array.of(100, 0, 1) }, gradient);
    assert.ok(Number.isFinite(value) && gradient.every(Number.isFinite));
  });

  test(`${name}: a logit of NaN, an unknown option and a batch without targets are refused`, () => {
    const poisoned = logits.slice();
    poisoned[4] = NaN;
    assert.throws(() => createLoss(name).evaluate({ ...many, logits: poisoned }, new Float32Array(rows * classes)), {
      code: 'ERR_DATA',
      message: /row 1 of the batch/,
    });
    assert.throws(() => createLoss(name, { nothing: 1 }), { code: 'ERR_OPTION' });
    const { targets: _, ...without } = many;
    assert.throws(() => createLoss(name).evaluate(without, new Float32Array(rows * classes)), { code: 'ERR_OPTION' });
  });

  for (const need of definition.needs ?? [])
    test(`${name}: is refused without ${need}`, () => {
      const { [need]: _, ...without } = many;
      const run = () => createLoss(name).evaluate(without, new Float32Array(rows * classes));
      assert.throws(run, { code: 'ERR_OPTION' });
    });
}
