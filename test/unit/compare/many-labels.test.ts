/** Comparisons and searches on rows with any number of labels. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pairedIntervals, type Interval } from '../../../src/compare/bootstrap.js';
import { compare, standardBaselines, tune, type Leaderboard } from '../../../src/compare/index.js';
import { cellsOf, marksOf } from '../../../src/compare/marks.js';
import { asTraining, brand, fromArrays } from '../../../src/core/embedding-set.js';
import { evaluateMultiLabel, evaluateOutcomes } from '../../../src/metric/index.js';
import { manyOutcomesOf } from '../../../src/metric/multi-label.js';
import { strategiesFor } from '../../../src/strategy/index.js';
import { clouds, labelledClouds } from '../train/toy.js';

const set = labelledClouds(240, [0.5, 0.2, 0.08], { distance: 2 });
const plain = { baselines: [], jobs: 1, training: { epochs: 8 }, replicates: 200 };
const near = (got: number, wanted: number) => assert.ok(Math.abs(got - wanted) < 1e-9, `${got} is not ${wanted}`);
const folder = mkdtempSync(join(tmpdir(), 'equipoise-many-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const timeless = (leaderboard: Leaderboard): unknown =>
  JSON.parse(JSON.stringify(leaderboard, (key, value: unknown) => (key === 'seconds' ? undefined : value)));

test('the interval is of the macro F1: the difference of marks is that of the evaluations', async () => {
  const rows = fromArrays({ data: new Float32Array(5), shape: [5, 1] }, [['a', 'b'], ['b'], [], ['a'], ['c', 'a']]);
  const judge = (probabilities: number[]) =>
    manyOutcomesOf({ targets: rows.targets as Uint8Array, probabilities, classNames: rows.classNames });
  // Right but for row 1, where b is missed; and for row 4, where c is missed, too.
  const [first, second] = [
    judge([0.9, 0.8, 0, 0, 0.2, 0, 0, 0, 0, 0.7, 0, 0, 0.9, 0, 0.9]),
    judge([0.9, 0.8, 0, 0, 0.2, 0, 0, 0, 0, 0.7, 0, 0, 0.9, 0, 0.1]),
  ];
  const macro = (one: typeof first) => evaluateOutcomes([one], rows).macroF1;
  // F1 of a 1, of b 2/3, of c 1, then 0.
  near(macro(first), (1 + 2 / 3 + 1) / 3);
  near(macro(second), (1 + 2 / 3) / 3);
  const judged = { ...cellsOf([rows]), marks: marksOf([first]) };
  assert.deepEqual([...judged.strata], [1, 1, 3, 0, 2], 'rows are drawn by the rarest class they have');
  const [found, none] = await pairedIntervals([judged], [[marksOf([second])], [marksOf([first])]], 3, {
    replicates: 200,
    seed: 0,
  });
  near((found as Interval).difference, -1 / 3);
  assert.equal((none as Interval).difference, 0);
});

test('all strategies that are for such rows take part, the others are named, and the metrics are theirs', async () => {
  const { fitting, others } = strategiesFor('many');
  const leaderboard = await compare(set, { seeds: 2, training: { epochs: 8 }, replicates: 200, jobs: 2 });
  assert.deepEqual(leaderboard.rows.map(({ name }) => name).sort(), [...fitting].sort());
  for (const name of standardBaselines.many) assert.ok(fitting.includes(name));
  assert.deepEqual(
    [leaderboard.targets, leaderboard.baseline, leaderboard.notApplicable],
    ['many', 'binary-cross-entropy', others],
  );
  assert.ok(others.includes('ce') && others.includes('eos') && !others.includes('erm'));
  assert.match(leaderboard.conclusion.join('\n'), /Left out, for they are for rows with one label each: ce, /);
  assert.match(leaderboard.conclusion.join('\n'), /by macro F1|Nothing is better than binary-cross-entropy/);
  const ranked = leaderboard.rows.map(({ metrics }) => metrics.macroF1.mean as number);
  assert.deepEqual(
    ranked,
    ranked.toSorted((a, b) => b - a),
  );
  for (const { name, metrics, recalls, gap, againstBaseline, seeds } of leaderboard.rows) {
    for (const metric of ['macroF1', 'microF1', 'meanAveragePrecision', 'balancedAccuracy', 'logLoss'] as const)
      assert.ok(Number.isFinite(metrics[metric].mean), `${name} ${metric}`);
    assert.equal(metrics.accuracy.mean, null);
    assert.equal(metrics.worstClassRecall.mean === null, false);
    assert.equal(recalls.length, 3);
    assert.ok(Number.isFinite(gap?.after.mean));
    assert.equal(againstBaseline === undefined, name === 'binary-cross-entropy');
    if (againstBaseline) {
      assert.match(againstBaseline.sentence, /macro F1/);
      const base = leaderboard.rows.find((row) => row.name === 'binary-cross-entropy');
      near(againstBaseline.difference, (metrics.macroF1.mean as number) - (base?.metrics.macroF1.mean as number));
    }
    assert.equal(seeds.length, 2);
  }
  assert.deepEqual(JSON.parse(JSON.stringify(leaderboard)), leaderboard);
  const one = await compare(clouds([60, 20]), { ...plain, strategies: ['ce'], seeds: 1 });
  assert.deepEqual([one.targets, one.notApplicable, one.rows[0]?.metrics.microF1.mean], ['one', [], null]);
});

test('threads, folds and a folder change nothing; other labels are another comparison', async () => {
  const options = { ...plain, strategies: ['binary-cross-entropy', 'asl-sigmoid'], seeds: 1, folds: 3 };
  const here = await compare(set, options);
  const out = join(folder, 'kept');
  assert.deepEqual(timeless(await compare(set, { ...options, jobs: 2, out })), timeless(here));
  assert.deepEqual(timeless(await compare(set, { ...options, out })), timeless(here), 'read from the folder');
  // Every row is judged once.
  assert.deepEqual([...(here.rows[0]?.seeds[0]?.evaluation.support ?? [])], [...set.classCounts]);
  const targets = (set.targets as Uint8Array).slice();
  // Class 0 moves from a row that has the rarer class 1, too, so that rows go by the same class as before.
  const at = [...set.labels.keys()].find((row) => targets[row * 3] === 1 && targets[row * 3 + 1] === 1) as number;
  targets[at * 3] = 0;
  await assert.rejects(compare({ ...set, targets }, { ...options, out }), { code: 'ERR_OPTION', message: /rows \(/ });
});

test('a decision for macro F1 takes part in a comparison, and judges as evaluating does', async () => {
  const parts = {
    train: asTraining(labelledClouds(240, [0.5, 0.2, 0.08], { distance: 1.2 })),
    validation: brand(labelledClouds(240, [0.5, 0.2, 0.08], { distance: 1.2, seed: 1 }), 'validation'),
    test: brand(labelledClouds(240, [0.5, 0.2, 0.08], { distance: 1.2, seed: 2 }), 'test'),
  };
  const macro: number[] = [];
  const options = { ...plain, strategies: ['binary-cross-entropy'], seeds: 1 };
  const decided = await compare(parts, {
    ...options,
    training: { epochs: 8, decision: 'macro-f1' },
    onHead: async (_, __, head) => {
      const { macroF1 } = await evaluateMultiLabel(head, parts.test);
      macro.push(macroF1);
    },
  });
  near(decided.rows[0]?.metrics.macroF1.mean as number, macro[0] as number);
  const undecided = await compare(parts, options);
  assert.notEqual(undecided.rows[0]?.metrics.macroF1.mean, macro[0]);
});

test('what is for rows with one label is refused before anything is trained', async () => {
  await assert.rejects(compare(set, { ...plain, strategies: ['smote'], seeds: 1 }), {
    code: 'ERR_OPTION',
    message: /smote cannot take part: .*Strategies for these: binary-cross-entropy, class-weights-sigmoid/,
  });
  await assert.rejects(compare(set, { ...plain, baselines: ['ce'], seeds: 1 }), { message: /ce cannot take part/ });
  await assert.rejects(tune(set, { strategy: 'focal-sigmoid', metric: 'geometricMeanMacro' }), {
    code: 'ERR_OPTION',
    message: /one of macroF1, microF1, meanAveragePrecision/,
  });
});

test('options are searched by macro F1 unless another metric is named', async () => {
  const options = { strategy: 'focal-sigmoid', space: { gamma: [0, 2] }, epochs: 6, jobs: 1, validation: 0.3 };
  const tuning = await tune(set, options);
  assert.equal(tuning.metric, 'macroF1');
  assert.ok(tuning.trials.every(({ score }) => Number.isFinite(score.mean)));
  const means = (metric: 'hammingLoss') =>
    tune(set, { ...options, eta: 1, metric }).then(({ trials }) => trials.map(({ score }) => score.mean as number));
  const losses = await means('hammingLoss');
  assert.deepEqual(
    losses,
    losses.toSorted((a, b) => a - b),
    'the smallest loss first',
  );
});
