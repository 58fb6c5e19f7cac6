import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairedInterval, type PairedRun } from '../../../src/compare/bootstrap.js';
import { compare } from '../../../src/compare/index.js';
import { sayAgainst, spread } from '../../../src/compare/leaderboard.js';
import { strategies, type StrategyDefinition } from '../../../src/strategy/index.js';
import { clouds, heldOutClouds, trainingClouds } from '../train/toy.js';

const training = { epochs: 5 };

test('every strategy is judged on the same rows, ranked, and held against ce', async () => {
  const set = clouds([120, 40, 12], { distance: 2 });
  const leaderboard = await compare(set, { strategies: ['ce', 'class-weights'], seeds: 2, training, replicates: 200 });
  assert.equal(leaderboard.baseline, 'ce');
  assert.deepEqual(leaderboard.seeds, [0, 1]);
  const means = leaderboard.rows.map(({ metrics }) => metrics.balancedAccuracy.mean as number);
  assert.deepEqual(
    means,
    means.toSorted((a, b) => b - a),
  );
  const [supports] = leaderboard.rows.map(({ seeds }) => seeds.map(({ evaluation }) => evaluation.support));
  for (const row of leaderboard.rows) {
    assert.deepEqual(
      row.seeds.map(({ evaluation }) => evaluation.support),
      supports,
    );
    assert.equal(row.againstBaseline === undefined, row.name === 'ce');
    assert.equal(row.recalls.length, 3);
    const recalls = row.seeds.map(({ evaluation }) => Math.min(...evaluation.perClass.map(({ recall }) => recall)));
    assert.equal(row.metrics.worstClassRecall.mean, ((recalls[0] as number) + (recalls[1] as number)) / 2);
  }
  assert.deepEqual(JSON.parse(JSON.stringify(leaderboard)), leaderboard);
});

test('the same seeds give the same leaderboard, but for the seconds', async () => {
  const parts = { train: trainingClouds([60, 12]), test: heldOutClouds([30, 30], { seed: 1 }) };
  const run = async () =>
    (await compare(parts, { strategies: ['ce', 'smote'], seeds: [3], training, replicates: 200 })).rows.map(
      ({ name, metrics, againstBaseline }) => ({ name, metrics, againstBaseline }),
    );
  assert.deepEqual(await run(), await run());
});

test('contenders may be parts of training under a name', async () => {
  const parts = { train: trainingClouds([60, 12]), test: heldOutClouds([30, 30], { seed: 1 }) };
  const leaderboard = await compare(parts, {
    strategies: [
      { strategy: 'eos', strategyOptions: { kNeighbors: 3 }, name: 'eos-3' },
      { name: 'focal', loss: 'focal' },
    ],
    seeds: 1,
    training,
    replicates: 200,
  });
  assert.equal(leaderboard.baseline, 'eos-3');
  assert.deepEqual(leaderboard.rows.map(({ name }) => name).toSorted(), ['eos-3', 'focal']);
  assert.equal(leaderboard.rows[0]?.metrics.balancedAccuracy.sd, null);
});

test('what cannot be compared is refused', async () => {
  const train = trainingClouds([20, 20]);
  const parts = { train, test: heldOutClouds([5, 5]) };
  await assert.rejects(compare(parts, { strategies: ['esos'] }), { code: 'ERR_OPTION', message: /Did you mean eos/ });
  await assert.rejects(compare(parts, { strategies: ['ce', 'ce'] }), { code: 'ERR_OPTION', message: /another name/ });
  await assert.rejects(compare(parts, { strategies: ['ce'], baseline: 'eos' }), { code: 'ERR_OPTION' });
  await assert.rejects(compare(parts, { seeds: 0 }), { code: 'ERR_OPTION' });
  await assert.rejects(compare({ train, test: train }), { code: 'ERR_DATA', message: /held-out/ });
  await assert.rejects(compare(parts, { signal: AbortSignal.abort() }), { code: 'ERR_ABORTED' });
});

/** `rows` rows a class for two classes; the candidate is right in the given share of each, the baseline in another. */
function run(rows: number, share: number, baselineShare: number, prefix = ''): PairedRun {
  const marks = (part: number) => Uint8Array.from({ length: 2 * rows }, (_, i) => (i % rows < part * rows ? 1 : 0));
  return {
    ids: Array.from({ length: 2 * rows }, (_, i) => `${prefix}${i}`),
    labels: Int32Array.from({ length: 2 * rows }, (_, i) => (i < rows ? 0 : 1)),
    right: marks(share),
    baselineRight: marks(baselineShare),
  };
}

test('equal predictions differ by nothing, however few', () => {
  assert.deepEqual(pairedInterval([run(4, 0.5, 0.5)], 2, 200, 0), { difference: 0, low: 0, high: 0 });
});

test('the interval of a clear gain leaves zero out, that of one row in ten does not', () => {
  const clear = pairedInterval([run(200, 0.9, 0.7)], 2, 500, 0);
  assert.ok(Math.abs(clear.difference - 0.2) < 1e-12);
  assert.ok(clear.low > 0.1 && clear.high < 0.3);
  const slight = pairedInterval([run(10, 0.8, 0.7)], 2, 500, 0);
  assert.ok(slight.low <= 0 && slight.high > slight.difference);
});

test('the width is that of theory', () => {
  // A share of 0.2 of 200 rows a class gains 1, the rest 0: variance 0.2 · 0.8 / 200 a class, a quarter of the sum of two:
  // sd = √(2 · 0.0008 / 4) = 0.02, and 95 % lie within ± 1.96 sd, a width of 0.0784.
  const { low, high } = pairedInterval([run(200, 0.9, 0.7)], 2, 2000, 0);
  assert.ok(Math.abs(high - low - 0.0784) < 0.01, `${high - low}`);
});

test('testing the same rows again under other seeds makes nothing more certain', () => {
  const width = (runs: PairedRun[]) => {
    const { low, high } = pairedInterval(runs, 2, 1000, 0);
    return high - low;
  };
  const once = width([run(100, 0.9, 0.7)]);
  const same = width(Array.from({ length: 4 }, () => run(100, 0.9, 0.7)));
  const others = width(Array.from({ length: 4 }, (_, r) => run(100, 0.9, 0.7, `${r}/`)));
  assert.ok(Math.abs(same - once) < 0.15 * once);
  assert.ok(others < 0.8 * once);
});

test('the sentence says what the interval allows', () => {
  const say = (low: number, high: number) => sayAgainst('eos', 'ce', { difference: (low + high) / 2, low, high }, 5);
  assert.equal(say(0.01, 0.05).verdict, 'better');
  assert.equal(say(-0.05, -0.01).verdict, 'worse');
  const unclear = say(-0.01, 0.05);
  assert.equal(unclear.verdict, 'no clear difference');
  assert.equal(
    unclear.sentence,
    'eos and ce cannot be told apart beyond noise (+0.020 balanced accuracy, 95 % interval −0.010 to +0.050 over 5 seeds).',
  );
});

test('spread is mean and sample standard deviation', () => {
  // 1, 3: mean 2, squares 1 + 1 over n − 1 = 1.
  assert.deepEqual(spread([1, 3]), { mean: 2, sd: Math.SQRT2 });
  assert.deepEqual(spread([1, null]), { mean: 1, sd: null });
  assert.deepEqual(spread([null]), { mean: null, sd: null });
});

test('all strategies take part, each under one name', async () => {
  const set = clouds([120, 40, 12], { distance: 2 });
  const { rows } = await compare(set, { seeds: 1, training: { epochs: 1 }, replicates: 100 });
  const names = rows.map(({ name }) => name);
  const registered = Object.values<Pick<StrategyDefinition, 'name' | 'aliasOf' | 'targets'>>(strategies);
  for (const { name, aliasOf, targets } of registered)
    assert.equal(names.includes(name), aliasOf === undefined && targets !== 'many', name);
  assert.ok(!names.includes('erm') && names.includes('ce'));
});
