import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTraining, fromArrays } from '../../../src/core/embedding-set.js';
import { loadKernels } from '../../../src/kernels/index.js';
import {
  calibrationCurve,
  confusionMatrix,
  evaluate,
  evaluatePredictions,
  type Evaluation,
} from '../../../src/metric/index.js';
import { samplers } from '../../../src/sampler/index.js';

const close = (got: number | null, want: number, tolerance = 1e-5) =>
  assert.ok(got !== null && Math.abs(got - want) < tolerance, `${got} is not ${want}`);

const namesOf = (classes: number) => Array.from({ length: classes }, (_, c) => `class ${c}`);

/** Judges (truth, predicted) pairs given as one-hot logits. */
function judgePairs(
  truth: readonly number[],
  predicted: readonly number[],
  classes: number,
  trainCounts?: number[],
): Evaluation {
  const logits = predicted.flatMap((p) => Array.from({ length: classes }, (_, c) => (c === p ? 1 : 0)));
  return evaluatePredictions({
    labels: truth,
    logits,
    classNames: namesOf(classes),
    ...(trainCounts && { trainCounts }),
  });
}

/** Judges the predictions that a confusion matrix (rows truth) counts. */
function judgeMatrix(matrix: readonly (readonly number[])[], trainCounts?: number[]): Evaluation {
  const pairs = matrix.flatMap((row, t) =>
    row.flatMap((count, p) => Array.from({ length: count }, () => [t, p] as const)),
  );
  return judgePairs(
    pairs.map(([t]) => t),
    pairs.map(([, p]) => p),
    matrix.length,
    trainCounts,
  );
}

test('a probability at the limit of two groups of equal size belongs to the lower one', () => {
  // Halves of 0.1, 0.2, 0.6: the median, 0.2, is the limit, and lies in the first half.
  const curve = calibrationCurve([0, 1, 1], [0.1, 0.2, 0.6], { bins: 2, strategy: 'quantile' });
  assert.deepEqual(
    curve.map(({ rows, share }) => [rows, share]),
    [
      [2, 0.5],
      [1, 1],
    ],
  );
});

test('two classes, 90/10 against 4/6', () => {
  const e = judgeMatrix([
    [90, 10],
    [4, 6],
  ]);
  assert.deepEqual(e.confusion, [
    [90, 10],
    [4, 6],
  ]);
  // Recall 90/100 and 6/10; in two classes the specificity of one is the recall of the other.
  assert.deepEqual(
    e.perClass.map((c) => [c.support, c.recall, c.specificity]),
    [
      [100, 0.9, 0.6],
      [10, 0.6, 0.9],
    ],
  );
  close(e.balancedAccuracy, 0.75);
  close(e.geometricMeanMacro, 0.75); // sqrt(.75 · .75)
  close(e.geometricMeanClass, Math.sqrt(0.9 * 0.6)); // .7348
  close(e.perClass[0]!.f1, 180 / 194); // 2·90 / (100 + 94) = .9278
  close(e.perClass[1]!.f1, 12 / 26); // 2·6 / (10 + 16) = .4615
  close(e.macroF1, (180 / 194 + 12 / 26) / 2); // .6947
  close(e.perClass[1]!.precision, 6 / 16);
  close(e.accuracy, 96 / 110); // .8727
  // ½ · ((1 + .1·(.9 − .6)) · .54 + (1 + .1·(.6 − .9)) · .54) = .54
  close(e.indexBalancedAccuracy, 0.54);
});

test('three classes', () => {
  const e = judgeMatrix([
    [80, 15, 5],
    [6, 12, 2],
    [3, 2, 5],
  ]);
  assert.deepEqual(
    e.perClass.map((c) => c.recall),
    [0.8, 0.6, 0.5],
  );
  // Negatives 30, 110, 120; false positives 9, 17, 7: 21/30, 93/110, 113/120.
  for (const [c, want] of [0.7, 0.84545, 0.94167].entries()) close(e.perClass[c]!.specificity, want);
  close(e.balancedAccuracy, 0.63333);
  close(e.geometricMeanMacro, 0.72461);
  close(e.geometricMeanClass, 0.62145);
  for (const [c, want] of [0.84656, 0.4898, 0.45455].entries()) close(e.perClass[c]!.f1, want);
  close(e.macroF1, 0.59697);
  close(e.accuracy, 0.74615);
});

test('two of three classes never found', () => {
  const e = judgePairs([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 3);
  assert.deepEqual(
    e.perClass.map((c) => c.recall),
    [1, 0, 0],
  );
  assert.deepEqual(
    e.perClass.map((c) => c.specificity),
    [0.75, 0.5, 0.75],
  );
  close(e.geometricMeanMacro, Math.sqrt((1 / 3) * (2 / 3))); // .4714
  assert.equal(e.geometricMeanClass, 0);
});

test('a class without true rows is left out of recalls, a class that nobody mentions out of F1', () => {
  // Class 2 is predicted once but never true; class 3 is neither.
  const e = judgePairs([0, 0, 1, 1], [0, 2, 1, 1], 4);
  assert.equal(e.balancedAccuracy, 0.75); // (1/2 + 1) / 2
  close(e.geometricMeanClass, Math.sqrt(0.5));
  close(e.macroF1, (2 / 3 + 1 + 0) / 3); // 2·1 / (2 + 1), 2·2 / (2 + 2), 0 for class 2
  assert.deepEqual(e.support, [2, 2, 0, 0]);
  assert.equal(e.perClass[3]!.recall, 0);
});

test('a tie of scores goes to the lowest class id', () => {
  const e = evaluatePredictions({ labels: [1, 0], logits: [3, 3, 0, 0, 0, 0], classNames: namesOf(3) });
  assert.deepEqual(e.confusion, [
    [1, 0, 0],
    [1, 0, 0],
    [0, 0, 0],
  ]);
});

test('many, medium and few shots follow the training counts, an empty group has no value', () => {
  const matrix = [
    [9, 1, 0, 0],
    [2, 8, 0, 0],
    [0, 5, 5, 0],
    [6, 0, 0, 4],
  ];
  const e = judgeMatrix(matrix, [101, 100, 20, 19]);
  assert.deepEqual([e.manyShot, e.mediumShot, e.fewShot], [0.9, 0.65, 0.4]);
  const large = judgeMatrix(matrix, [500, 400, 300, 200]);
  assert.deepEqual([large.mediumShot, large.fewShot], [null, null]);
  const unknown = judgeMatrix(matrix);
  assert.deepEqual([unknown.manyShot, unknown.mediumShot, unknown.fewShot], [null, null, null]);
});

test('log loss and calibration error from logits and from probabilities', () => {
  // Probabilities (.8, .2) and (.4, .6), truth 0 and 0: −(ln .8 + ln .4) / 2 = .569717.
  const probabilities = [0.8, 0.2, 0.4, 0.6];
  const given = { labels: [0, 0], classNames: namesOf(2) };
  // .8 right and .6 wrong fall into bins of their own: (|.8 − 1| + |.6 − 0|) / 2 = .4.
  for (const e of [
    evaluatePredictions({ ...given, probabilities }),
    evaluatePredictions({ ...given, logits: probabilities.map((p) => Math.log(p) + 3) }),
  ]) {
    close(e.logLoss, 0.569717);
    close(e.expectedCalibrationError, 0.4);
  }
  // Ten rows of confidence .9, nine of them right, are calibrated.
  const labels = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  const calibrated = evaluatePredictions({
    labels,
    probabilities: labels.flatMap(() => [0.9, 0.1]),
    classNames: namesOf(2),
  });
  close(calibrated.expectedCalibrationError, 0);
});

test('a wrong row of huge logits has a finite log loss, an impossible probability a large one', () => {
  const wrong = evaluatePredictions({ labels: [1], logits: [1000, 0], classNames: namesOf(2) });
  assert.equal(wrong.logLoss, 1000);
  const impossible = evaluatePredictions({ labels: [1], probabilities: [1, 0], classNames: namesOf(2) });
  close(impossible.logLoss, 15 * Math.LN10);
});

test('an evaluation is plain JSON', () => {
  const e = judgeMatrix([[1]]);
  assert.deepEqual(JSON.parse(JSON.stringify(e)), e);
});

test('bad predictions are refused', () => {
  const classNames = namesOf(2);
  assert.throws(() => evaluatePredictions({ labels: [], logits: [], classNames }), { code: 'ERR_DATA' });
  assert.throws(() => evaluatePredictions({ labels: [0], logits: [1], classNames }), { code: 'ERR_SHAPE' });
  assert.throws(() => evaluatePredictions({ labels: [2], logits: [1, 0], classNames }), { code: 'ERR_DATA' });
  assert.throws(() => evaluatePredictions({ labels: [0], logits: [NaN, 0], classNames }), { message: /Row 0 has NaN/ });
  assert.throws(() => evaluatePredictions({ labels: [0], probabilities: [3, 0], classNames }), { code: 'ERR_DATA' });
  assert.throws(() => evaluatePredictions({ labels: [0], classNames }), { code: 'ERR_OPTION' });
  const both = { labels: [0], classNames, logits: [1, 0], probabilities: [1, 0] };
  assert.throws(() => evaluatePredictions(both), { code: 'ERR_OPTION' });
  assert.throws(() => evaluatePredictions({ labels: [0], logits: [1, 0], classNames, trainCounts: [1] }), {
    code: 'ERR_SHAPE',
  });
  assert.throws(() => confusionMatrix([0], [0, 1], 2), { code: 'ERR_SHAPE' });
});

/** Scores class c by column c. */
const columns = { classNames: ['b', 'a'], logits: (x: { data: ArrayLike<number> }) => Float32Array.from(x.data) };

test('evaluate matches the classes of head and set by name', async () => {
  const set = fromArrays({ data: Float32Array.of(1, 0, 0, 1, 1, 0), shape: [3, 2] }, ['b', 'a', 'a'], {
    classNames: ['a', 'unused', 'b'],
  });
  const e = await evaluate(columns, set, { trainCounts: [200, 3] });
  assert.deepEqual(e.classNames, ['b', 'a']);
  assert.deepEqual(e.support, [1, 2]);
  assert.deepEqual([e.manyShot, e.fewShot], [1, 0.5]);
  const foreign = fromArrays({ data: Float32Array.of(1, 0), shape: [1, 2] }, ['z']);
  await assert.rejects(evaluate(columns, foreign), { code: 'ERR_DATA', message: /"z" has 1 rows.*knows only b, a/ });
  await assert.rejects(evaluate(columns, set, { counts: [1] } as object), { code: 'ERR_OPTION' });
});

test('evaluate refuses a resampled set', async () => {
  const train = asTraining(fromArrays({ data: Float32Array.of(1, 0, 0, 1, 1, 0), shape: [3, 2] }, ['b', 'a', 'a']));
  const kernels = loadKernels({ backend: 'reference' });
  const resampled = await samplers['random-over-sampling']().fitResample(train, { kernels });
  await assert.rejects(evaluate(columns, resampled as never), { code: 'ERR_DATA', message: /resampled set/ });
});
