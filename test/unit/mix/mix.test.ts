import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMix, mixes } from '../../../src/mix/index.js';

const counts = [1, 50, 5000];
const steps = [0, 0.125, 0.25, 0.5, 0.625, 0.875, 1];
const close = (got: number, want: number, tolerance = 1e-6) =>
  assert.ok(Math.abs(got - want) < tolerance, `${got} is not ${want}`);

for (const [name, entry] of Object.entries(mixes)) {
  const { labelWeight } = entry();
  test(`${name}: shares are in [0, 1] and the base has its whole label at step 0`, () => {
    assert.equal(entry.name, name);
    for (const countBase of counts)
      for (const countOther of counts) {
        for (const step of steps) {
          const weight = labelWeight({ countBase, countOther, step });
          assert.ok(weight >= 0 && weight <= 1);
        }
        assert.equal(labelWeight({ countBase, countOther, step: 0 }), 1);
      }
  });

  test(`${name}: ${entry.symmetric ? 'swapping the ends swaps the shares' : 'is declared to depend on which end is the base'}`, () => {
    let asymmetric = 0;
    for (const countBase of counts)
      for (const countOther of counts)
        for (const step of steps) {
          const there = labelWeight({ countBase, countOther, step });
          const back = labelWeight({ countBase: countOther, countOther: countBase, step: 1 - step });
          if (entry.symmetric) close(there + back, 1, 1e-12);
          else asymmetric += Number(Math.abs(there + back - 1) > 1e-9);
        }
    assert.equal(asymmetric > 0, !entry.symmetric);
  });

  test(`${name}: the share never grows on the way to the other end`, () => {
    for (const countBase of counts)
      for (const countOther of counts) {
        const weights = steps.map((step) => labelWeight({ countBase, countOther, step }));
        for (let i = 1; i < weights.length; i++) assert.ok(weights[i]! <= weights[i - 1]!);
      }
  });

  test(`${name}: unknown options are refused`, () => {
    assert.throws(() => createMix(name, { kapa: 1 }), { code: 'ERR_OPTION' });
  });
}

test('remix gives the whole label to a class three times rarer', () => {
  // Its share l of the frequent end is 1 − step. l = .3 < tau: the frequent class gives its label away; l = .7: it keeps .7.
  const frequent = { countBase: 5000, countOther: 50 };
  assert.equal(mixes.remix().labelWeight({ ...frequent, step: 0.7 }), 0);
  close(mixes.remix().labelWeight({ ...frequent, step: 0.3 }), 0.7);
  const rare = { countBase: 50, countOther: 5000 };
  assert.equal(mixes.remix().labelWeight({ ...rare, step: 0.3 }), 1);
  close(mixes.remix().labelWeight({ ...rare, step: 0.7 }), 0.3);
  // 100 : 50 is below kappa = 3.
  close(mixes.remix().labelWeight({ countBase: 100, countOther: 50, step: 0.7 }), 0.3);
});

test('mamix shares evenly where the margins meet', () => {
  // m = 5000^-¼ / (5000^-¼ + 50^-¼) = 1 / (1 + 100^¼) = 1 / 4.162278 = .240253.
  const weight = (step: number, countBase = 5000, countOther = 50) =>
    mixes.mamix().labelWeight({ countBase, countOther, step });
  // 1 − .2 / .480506; (1 − .5) / (2 · .759747); (1 − .8) / (2 · .759747).
  close(weight(0.2), 0.583772);
  close(weight(0.5), 0.329057);
  close(weight(0.8), 0.131623);
  close(weight(1 / (1 + 100 ** 0.25)), 0.5);
  close(weight(0.5, 50, 5000), 0.670943);
  close(weight(0.3, 7, 7), 0.7);
  // 1 / (1 + (1/1,000,000)^10) rounds to 1: the whole way is the base's, and at its end the label is shared evenly.
  close(mixes.mamix({ omega: 10 }).labelWeight({ countBase: 1, countOther: 1_000_000, step: 1 }), 0.5);
  close(mixes.mamix({ omega: 0 }).labelWeight({ countBase: 5000, countOther: 50, step: 0.3 }), 0.7);
});

test('an unknown rule is refused with near names', () => {
  assert.throws(() => createMix('mix-up'), { code: 'ERR_OPTION', message: /Did you mean mixup.*Known mixes/ });
});
