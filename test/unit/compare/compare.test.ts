import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { compare, type Leaderboard } from '../../../src/compare/index.js';
import { spread } from '../../../src/compare/leaderboard.js';
import { split } from '../../../src/dataset/index.js';
import { evaluate } from '../../../src/metric/index.js';
import type { TrainedHead } from '../../../src/train/index.js';
import { clouds, heldOutClouds, trainingClouds } from '../train/toy.js';

const training = { epochs: 5 };
/** Nothing but what a test names, in this thread. */
const plain = { baselines: [], jobs: 1, training, replicates: 200 };

test('every strategy is judged on the same rows, ranked, and held against ce', async () => {
  const set = clouds([120, 40, 12], { distance: 2 });
  const leaderboard = await compare(set, { ...plain, strategies: ['ce', 'class-weights'], seeds: 2 });
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
    (await compare(parts, { ...plain, strategies: ['ce', 'smote'], seeds: [3] })).rows.map(
      ({ name, metrics, againstBaseline }) => ({ name, metrics, againstBaseline }),
    );
  assert.deepEqual(await run(), await run());
});

test('contenders may be parts of training under a name', async () => {
  const parts = { train: trainingClouds([60, 12]), test: heldOutClouds([30, 30], { seed: 1 }) };
  const leaderboard = await compare(parts, {
    ...plain,
    strategies: [
      { strategy: 'eos', strategyOptions: { kNeighbors: 3 }, name: 'eos-3' },
      { name: 'focal', loss: 'focal' },
    ],
    seeds: 1,
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
  await assert.rejects(compare(parts, { ...plain, strategies: ['ce'], baseline: 'eos' }), { code: 'ERR_OPTION' });
  await assert.rejects(compare(parts, { seeds: 0 }), { code: 'ERR_OPTION' });
  await assert.rejects(compare({ train, test: train }), { code: 'ERR_DATA', message: /held-out/ });
  await assert.rejects(compare(parts, { strategies: ['ce'], signal: AbortSignal.abort() }), { code: 'ERR_ABORTED' });
});

test('spread is mean and sample standard deviation', () => {
  // 1, 3: mean 2, squares 1 + 1 over n − 1 = 1.
  assert.deepEqual(spread([1, 3]), { mean: 2, sd: Math.SQRT2 });
  assert.deepEqual(spread([1, null]), { mean: 1, sd: null });
  assert.deepEqual(spread([null]), { mean: null, sd: null });
});

/** Everything but the clock. */
const timeless = (leaderboard: Leaderboard): unknown =>
  JSON.parse(JSON.stringify(leaderboard, (key, value: unknown) => (key === 'seconds' ? undefined : value)));

const folder = mkdtempSync(join(tmpdir(), 'equipoise-compare-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('the four plain baselines take part first, whatever is named; an empty list leaves them out', async () => {
  const set = clouds([60, 20]);
  const order: string[] = [];
  const options = { strategies: ['ncm', 'ce'], seeds: 1, jobs: 1, training: { epochs: 1 }, replicates: 100 };
  const { rows } = await compare(set, {
    ...options,
    onHead: (name) => order.push(name),
  });
  assert.deepEqual(order, ['ce', 'class-weights', 'logit-adjustment', 'random-over-sampling', 'ncm']);
  assert.equal(rows.length, 5);
  assert.equal((await compare(set, { ...options, baselines: [] })).rows.length, 2);
});

test('the number of jobs changes nothing', async () => {
  const set = clouds([90, 30, 9], { distance: 2 });
  const options = { ...plain, strategies: ['ce', 'eos', 'mixup', 'crt'], seeds: 2, folds: 3 };
  const [one, two, five] = [
    await compare(set, options),
    await compare(set, { ...options, jobs: 2 }),
    await compare(set, { ...options, jobs: 5 }),
  ];
  assert.deepEqual(timeless(two), timeless(one));
  assert.deepEqual(timeless(five), timeless(one));
});

test('with folds every row is judged once a seed, a class of one row never', async () => {
  const set = clouds([40, 11, 2, 1], { distance: 3 });
  const { rows, folds, parts } = await compare(set, { ...plain, strategies: ['ce'], seeds: 2, folds: 4 });
  assert.equal(folds, 4);
  for (const { evaluation, bestEpochs } of rows[0]?.seeds ?? []) {
    assert.deepEqual(evaluation.support, [40, 11, 2, 0]);
    assert.equal(bestEpochs.length, 4);
  }
  assert.equal(rows[0]?.recalls[3]?.mean, null);
  // 10 + 3 + 1 rows in the fold with most, or less; 10 % of 54 rows select.
  assert.ok(parts.test >= 12 && parts.test <= 14, `${parts.test}`);
  await assert.rejects(compare(set, { folds: 4, test: 0.2 }), { code: 'ERR_OPTION', message: /either/ });
  const given = { train: trainingClouds([20, 20]), test: heldOutClouds([5, 5]) };
  await assert.rejects(compare(given, { folds: 4 }), { code: 'ERR_OPTION', message: /parts made beforehand/ });
});

test('what needs validation rows, or cannot be trained as asked, is named before anything is trained', async () => {
  const set = clouds([60, 20]);
  let heads = 0;
  const options = { seeds: 1, onHead: () => heads++ };
  await assert.rejects(compare(set, { ...options, validation: 0 }), {
    code: 'ERR_OPTION',
    message: /validation rows for cdb, which cannot be trained without/,
  });
  await assert.rejects(compare(set, { ...options, strategies: ['ce', 'smote'], training: { sampler: 'smote' } }), {
    code: 'ERR_OPTION',
    message: /ce cannot take part|smote cannot take part/,
  });
  await assert.rejects(
    compare(set, { ...options, strategies: [{ strategy: 'eos', strategyOptions: { kNeighbours: 3 } }] }),
    { code: 'ERR_OPTION', message: /eos cannot take part: Unknown option eos.kNeighbours/ },
  );
  await assert.rejects(compare(set, { ...options, strategies: ['ce'], training: { calibration: 'temprature' } }), {
    code: 'ERR_OPTION',
    message: /ce cannot take part: Unknown calibration "temprature"/,
  });
  const parts = { train: trainingClouds([20, 0, 20]), test: heldOutClouds([5, 5, 5]) };
  await assert.rejects(compare(parts, options), { code: 'ERR_DATA', message: /none of class-1/ });
  assert.equal(heads, 0);
});

test('a decision rule decides in a comparison, too, in this thread and in others', async () => {
  const set = clouds([200, 40], { distance: 1.5 });
  const options = { ...plain, strategies: ['ce'], seeds: 2, validation: 0.3 };
  const decided = { epochs: 5, decision: 'balanced-accuracy' };
  const heads: TrainedHead[] = [];
  const here = await compare(set, { ...options, training: decided, onHead: (_, __, head) => heads.push(head) });
  const undecided = await compare(set, options);
  const predicted = ({ rows }: typeof here) =>
    rows[0]?.seeds.map(({ evaluation }) => ('confusion' in evaluation ? evaluation.confusion : undefined));
  assert.notDeepEqual(predicted(here), predicted(undecided));
  for (const [seed, head] of heads.entries()) {
    const { test: held } = split(set, { test: 0.2, validation: 0.3, seed });
    assert.deepEqual((await evaluate(head, held)).confusion, predicted(here)?.[seed]);
  }
  const elsewhere = await compare(set, { ...options, training: decided, jobs: 2 });
  assert.deepEqual(predicted(elsewhere), predicted(here));
});

test('when time is up, the first training of the baseline is there, and what was left out is said', async () => {
  const set = clouds([60, 20]);
  const leaderboard = await compare(set, { ...plain, strategies: ['eos', 'ce'], seeds: 2, timeBudgetMs: 1e-6 });
  assert.deepEqual(
    leaderboard.rows.map(({ name, seeds }) => [name, seeds.length]),
    [['ce', 1]],
  );
  assert.deepEqual(leaderboard.leftOut, [
    { name: 'ce', seeds: [1] },
    { name: 'eos', seeds: [0, 1] },
  ]);
  assert.match(leaderboard.conclusion.join('\n'), /^Nothing was held against ce\.\nOne seed: /);
  assert.match(leaderboard.conclusion.join('\n'), /Time was up: ce has 1 of 2 seeds, eos was not trained\./);
});

test('a stopped comparison goes on where it was, to the same leaderboard', async () => {
  const set = clouds([90, 30], { distance: 2 });
  const options = { ...plain, strategies: ['ce', 'smote', 'focal'], seeds: 2 };
  const whole = await compare(set, options);
  for (const jobs of [1, 2]) {
    const out = join(folder, `stopped-${jobs}`);
    const stop = new AbortController();
    const onProgress = ({ done }: { done: number }) => done === 2 && stop.abort();
    await assert.rejects(compare(set, { ...options, jobs, out, onProgress, signal: stop.signal }), {
      code: 'ERR_ABORTED',
    });
    const kept = readdirSync(join(out, 'jobs'));
    assert.ok(kept.length >= 2 && kept.length < 6 && kept.every((name) => name.endsWith('.json')), kept.join());
    const before = statSync(join(out, 'jobs', kept[0] as string)).mtimeMs;
    const resumed = await compare(set, { ...options, jobs, out });
    assert.deepEqual(timeless(resumed), timeless(whole));
    assert.equal(statSync(join(out, 'jobs', kept[0] as string)).mtimeMs, before, 'what was done is not done again');
    assert.deepEqual(JSON.parse(readFileSync(join(out, 'leaderboard.json'), 'utf8')), resumed);
  }
});

test('a folder takes more contenders and seeds, but no other configuration', async () => {
  const set = clouds([60, 20]);
  const out = join(folder, 'grown');
  const options = { ...plain, out, strategies: ['ce'], seeds: 1 };
  const { rows } = await compare(set, options);
  const grown = await compare(set, { ...options, strategies: ['ce', 'focal'], seeds: 2 });
  assert.equal(grown.rows.find(({ name }) => name === 'ce')?.seeds[0]?.seconds, rows[0]?.seeds[0]?.seconds);
  const refused = (other: object, message: RegExp, data = set) =>
    assert.rejects(compare(data, { ...options, ...other }), { code: 'ERR_OPTION', message });
  await refused(
    { training: { epochs: 7 } },
    /another configuration: training \(\{"epochs":5\} there, \{"epochs":7\} now\)/,
  );
  await refused({ validation: 0.2 }, /validation \(0\.1 there, 0\.2 now\)/);
  await refused({ folds: 3 }, /folds \(null there, 3 now\)/);
  await refused({ strategies: [{ strategy: 'focal', strategyOptions: { gamma: 1 } }] }, /focal \(/);
  await refused({}, /rows \(/, clouds([60, 20], { seed: 1 }));
  await refused({ out: folder }, /holds something else/);
});

test('a training that diverges is listed, and the others go on; that of the baseline is an error', async () => {
  const set = clouds([60, 20]);
  const wild = { name: 'wild', loss: 'cross-entropy', learningRate: 1e30, batchSize: 8 } as const;
  const { rows, failures, conclusion } = await compare(set, { ...plain, strategies: ['ce', wild], seeds: 1 });
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['ce'],
  );
  assert.equal(failures[0]?.name, 'wild');
  assert.match(conclusion.join('\n'), /wild failed: Training diverged/);
  await assert.rejects(compare(set, { ...plain, strategies: ['ce', wild], baseline: 'wild', seeds: 1 }), {
    code: 'ERR_DATA',
    message: /diverged/,
  });
});

test('functions stay in this thread: one job by itself, several are refused', async () => {
  const set = clouds([60, 20]);
  const zero = { name: 'zero', loss: (_: unknown, gradient: Float32Array) => (gradient.fill(0), 0) };
  const options = { ...plain, strategies: [zero], seeds: 1 };
  const { jobs: _, ...free } = options;
  assert.equal((await compare(set, free)).rows[0]?.name, 'zero');
  await assert.rejects(compare(set, { ...options, jobs: 2 }), {
    code: 'ERR_OPTION',
    message: /jobs: 1 beside functions/,
  });
});

test('the generalization gap changes where rows are added towards enemies, and nowhere else', async () => {
  const set = clouds([120, 30, 8], { distance: 2 });
  const { rows } = await compare(set, { ...plain, strategies: ['ce', 'smote', 'eos'], seeds: 2 });
  const gapOf = (wanted: string) => {
    const gap = rows.find(({ name }) => name === wanted)?.gap;
    assert.ok(gap);
    return gap;
  };
  assert.deepEqual(gapOf('ce').after, gapOf('ce').before);
  // Interpolating inside a class cannot leave its box.
  assert.deepEqual(gapOf('smote').after, gapOf('ce').before);
  const { before, after } = gapOf('eos');
  after.perClass.forEach((gap, c) => assert.ok((gap as number) <= (before.perClass[c] as number)));
  assert.ok((after.mean as number) < (before.mean as number));
  // Fewer test rows of a class span no larger box.
  const { equalCounts } = gapOf('ce');
  equalCounts.before.perClass.forEach((gap, c) => assert.ok((gap as number) <= (before.perClass[c] as number)));
});
