import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairedIntervals, type Interval, type JudgedRows } from '../../../src/compare/bootstrap.js';
import type { Marks } from '../../../src/compare/marks.js';
import { sayAgainst } from '../../../src/compare/leaderboard.js';

/** `rows` rows a class for two classes: right in the given share of each. */
const marks = (rows: number, share: number): Marks => ({
  gains: Uint8Array.from({ length: 2 * rows }, (_, i) => (i % rows < share * rows ? 1 : 0)),
  weights: new Uint8Array(2 * rows).fill(1),
});

function judged(rows: number, share: number, prefix = ''): JudgedRows {
  const classes = Int32Array.from({ length: 2 * rows }, (_, i) => (i < rows ? 0 : 1));
  return {
    ids: Array.from({ length: 2 * rows }, (_, i) => `${prefix}${i}`),
    strata: classes,
    classes,
    marks: marks(rows, share),
  };
}

/** One contender against the baseline, under one seed for each prefix. */
async function interval(rows: number, share: number, baseline: number, replicates: number, prefixes = ['']) {
  const runs = prefixes.map((prefix) => judged(rows, baseline, prefix));
  const [found] = await pairedIntervals(runs, [prefixes.map(() => marks(rows, share))], 2, { replicates, seed: 0 });
  return found as Interval;
}

test('equal predictions differ by nothing, however few', async () => {
  const { difference, low, high, simultaneous } = await interval(4, 0.5, 0.5, 200);
  assert.deepEqual([difference, low, high, simultaneous], [0, 0, 0, { low: 0, high: 0 }]);
});

test('the interval of a clear gain leaves zero out, that of one row in ten does not', async () => {
  const clear = await interval(200, 0.9, 0.7, 500);
  assert.ok(Math.abs(clear.difference - 0.2) < 1e-12);
  assert.ok(clear.low > 0.1 && clear.high < 0.3);
  const slight = await interval(10, 0.8, 0.7, 500);
  assert.ok(slight.low <= 0 && slight.high > slight.difference);
});

test('the width is that of theory', async () => {
  // A share of 0.2 of 200 rows a class gains 1, the rest 0: variance 0.2 · 0.8 / 200 a class, a quarter of the sum of two:
  // sd = √(2 · 0.0008 / 4) = 0.02, and 95 % lie within ± 1.96 sd, a width of 0.0784.
  const { low, high } = await interval(200, 0.9, 0.7, 2000);
  assert.ok(Math.abs(high - low - 0.0784) < 0.01, `${high - low}`);
});

test('testing the same rows again under other seeds makes nothing more certain', async () => {
  const width = async (prefixes: string[]) => {
    const { low, high } = await interval(100, 0.9, 0.7, 1000, prefixes);
    return high - low;
  };
  const once = await width(['']);
  const same = await width(['', '', '', '']);
  const others = await width(['a', 'b', 'c', 'd']);
  assert.ok(Math.abs(same - once) < 0.15 * once);
  assert.ok(others < 0.8 * once);
});

test('intervals that hold together are wider, by what theory says', async () => {
  // Twenty contenders, each right where the baseline is but for 20 rows of its own that it alone gets right and 20 that it
  // alone gets wrong, of 400 a class: independent differences. The largest of 20 |normal| stays below 3.02 with probability
  // 0.95 (Φ: (2Φ(3.02) − 1)^20 = 0.950), one alone below 1.96.
  const rows = 800;
  const base = judged(rows, 0.5);
  const contenders = Array.from({ length: 20 }, (_, k) => {
    const right = base.marks.gains.slice();
    for (const start of [0, rows])
      for (let i = 0; i < 20; i++) {
        right[start + 20 * k + i] = 0;
        right[start + rows / 2 + 20 * k + i] = 1;
      }
    return [{ ...base.marks, gains: right }];
  });
  const found = await pairedIntervals([base], contenders, 2, { replicates: 2000, seed: 0 });
  const ratios = found.map((one) => {
    const { low, high, simultaneous } = one as Interval;
    return (simultaneous.high - simultaneous.low) / (high - low);
  });
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  assert.ok(Math.abs(mean - 3.02 / 1.96) < 0.08, `${mean}`);
});

test('a contender with fewer seeds is held against the baseline on those it has', async () => {
  const runs = [judged(50, 0.5, 'a'), judged(50, 0.7, 'b')];
  const [first, none] = await pairedIntervals(
    runs,
    [
      [marks(50, 0.9), undefined],
      [undefined, undefined],
    ],
    2,
    {
      replicates: 200,
      seed: 0,
    },
  );
  // 0.9 − 0.5 on the first seed; the second, with 0.9 − 0.7, does not count.
  assert.ok(Math.abs((first as Interval).difference - 0.4) < 1e-12);
  assert.equal(none, null);
});

test('the sentence says what the interval allows', () => {
  const say = (low: number, high: number, context: object = {}) => {
    const bounds = { low, high };
    return sayAgainst(
      'eos',
      'ce',
      { difference: (low + high) / 2, ...bounds, simultaneous: bounds },
      { seeds: 5, ...context },
    );
  };
  assert.equal(say(0.01, 0.05).verdict, 'better');
  assert.equal(say(-0.05, -0.01).verdict, 'worse');
  const unclear = say(-0.01, 0.05);
  assert.equal(unclear.verdict, 'no clear difference');
  assert.equal(
    unclear.sentence,
    'eos and ce cannot be told apart beyond noise (+0.020 balanced accuracy, 95 % interval −0.010 to +0.050 over 5 seeds).',
  );
  // −0.0002 is no difference to be seen at three decimals.
  assert.match(say(-0.0104, 0.01).sentence, /\(0\.000 balanced accuracy/);
  assert.equal(
    say(0.01, 0.05, { asked: 7, comparisons: 3 }).sentence,
    'eos is better than ce beyond noise (+0.030 balanced accuracy, 95 % interval, widened for 3 comparisons, +0.010 to +0.050 over 5 of 7 seeds).',
  );
});
