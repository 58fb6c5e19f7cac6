import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { brand, fromArrays, type HeldOutSet } from '../../../src/core/embedding-set.js';
import { brandResampled } from '../../../src/core/embedding-set.js';
import { calibrate, withoutDecision, type DecisionFit } from '../../../src/decision/index.js';
import { evaluate } from '../../../src/metric/index.js';
import { headFromModel, type TrainedHead } from '../../../src/train/index.js';
import { writeModel } from '../../../src/onnx/index.js';
import { clouds, trainingClouds } from '../train/toy.js';
import { counts, trainOn, validationClouds } from './held-out.js';

let head: TrainedHead;
let balanced: TrainedHead;
const validation = validationClouds();
const test_ = brand(clouds(counts, { distance: 2, seed: 2 }), 'test');
const fitOf = (given: { decision?: { fit?: unknown } }) => given.decision?.fit as DecisionFit;

before(async () => {
  head = await trainOn();
  balanced = await trainOn({ strategy: 'class-weights' });
});

test('calibration changes probabilities, thresholds change decisions, and neither changes the head', async () => {
  const plain = await evaluate(head, test_);
  const warm = calibrate(head, validation, { calibration: 'temperature' });
  const sure = await evaluate(warm, test_);
  assert.deepEqual(sure.confusion, plain.confusion);
  assert.notEqual(sure.logLoss, plain.logLoss);
  assert.ok((fitOf(warm).after?.logLoss as number) < (fitOf(warm).before?.logLoss as number));

  const decided = calibrate(head, validation, { decision: 'balanced-accuracy' });
  assert.equal((await evaluate(decided, test_)).logLoss, plain.logLoss);
  const { decision } = fitOf(decided);
  assert.ok(decision !== null && decision.after > decision.before);
  assert.equal((await evaluate(decided, validation)).balancedAccuracy, decision.after);
  assert.equal((await evaluate(head, validation)).balancedAccuracy, decision.before);

  assert.equal(head.decision, undefined);
  assert.deepEqual(await evaluate(head, test_), plain);
  assert.deepEqual(await evaluate(withoutDecision(decided), test_), plain);
});

test('prior-shift undoes what balancing did to probabilities, with the shares that training counted', async () => {
  const third = { 'class-0': 1 / 3, 'class-1': 1 / 3, 'class-2': 1 / 3 };
  for (const [name, share] of Object.entries(balanced.settings['effectivePrior'] as Record<string, number>))
    assert.ok(Math.abs(share - third[name as keyof typeof third]) < 1e-9);
  const shifted = calibrate(balanced, undefined, { calibration: 'prior-shift' });
  const [was, is] = [await evaluate(balanced, test_), await evaluate(shifted, test_)];
  assert.ok(is.logLoss < was.logLoss - 0.05, `${was.logLoss} to ${is.logLoss}`);
  assert.equal(fitOf(shifted).rows, 0);
  // Back again: uniform shares are what it was about.
  const back = calibrate(balanced, undefined, { calibration: { name: 'prior-shift', targetPrior: 'uniform' } });
  assert.deepEqual(back.logits(test_.embeddings), balanced.logits(test_.embeddings));
});

test('the shares a training was about follow its loss, its rows and its batches, and are unknown where nobody can tell', async () => {
  const total = counts.reduce((a, b) => a + b, 0);
  const sharesOf = async (options: object) => {
    const { settings } = await trainOn({ epochs: 2, ...options });
    const prior = settings['effectivePrior'] as Record<string, number> | null;
    return prior && Object.values(prior);
  };
  const near = (got: readonly number[] | null, want: readonly number[], tolerance: number) =>
    want.forEach((share, c) => assert.ok(Math.abs((got?.[c] as number) - share) < tolerance, `${got} is not ${want}`));
  const natural = counts.map((count) => count / total);
  const even = [1 / 3, 1 / 3, 1 / 3];
  near(await sharesOf({}), natural, 1e-9);
  near(await sharesOf({ loss: 'balanced-softmax' }), even, 1e-9);
  near(await sharesOf({ loss: { name: 'logit-adjustment', tau: 0 } }), natural, 1e-9);
  near(await sharesOf({ sampler: 'random-over-sampling', epochLength: 'resampled' }), even, 1e-9);
  near(await sharesOf({ batchSampler: 'class-balanced' }), even, 0.15);
  near(await sharesOf({ sampleWeights: trainingClouds(counts).labels.map((c) => (c === 0 ? 1 : 0)) }), [1, 0, 0], 1e-9);
  assert.equal(await sharesOf({ loss: 'focal' }), null);
  assert.equal(await sharesOf({ strategy: 'tau-norm' }), null);
  assert.equal(await sharesOf({ strategy: 'label-smoothing' }), null);
});

test('calibrations in a row are one scale and one shift', () => {
  const both = calibrate(balanced, validation, { calibration: ['prior-shift', 'temperature'] });
  const [first, second] = fitOf(both).calibration;
  assert.deepEqual([first?.['name'], second?.['name']], ['prior-shift', 'temperature']);
  const t = second?.['temperature'] as number;
  const shift = calibrate(balanced, undefined, { calibration: 'prior-shift' }).decision?.calibration?.shift ?? [];
  both.decision?.calibration?.scale.forEach((scale) => assert.ok(Math.abs(scale - 1 / t) < 1e-6));
  both.decision?.calibration?.shift.forEach((value, c) => assert.ok(Math.abs(value - (shift[c] as number) / t) < 1e-6));
});

test('calibrating again begins from the head, not from what was fitted before', () => {
  const once = calibrate(head, validation, { calibration: 'temperature', decision: 'macro-f1' });
  const twice = calibrate(once, validation, { calibration: 'temperature', decision: 'macro-f1' });
  assert.deepEqual(twice.decision, once.decision);
  const other = calibrate(once, validation, { calibration: 'vector-scaling' });
  assert.equal(other.decision?.offsets, undefined);
});

test('a calibrated head comes back from its file with all that was fitted', () => {
  const sure = calibrate(head, validation, { calibration: 'temperature', decision: 'macro-f1' });
  const read = headFromModel(writeModel(sure.toModel()), 'sure.onnx');
  assert.deepEqual(read.decision, sure.decision);
  assert.deepEqual(read.logits(test_.embeddings), sure.logits(test_.embeddings));
  assert.deepEqual(read.decide(read.logits(test_.embeddings)), sure.decide(sure.logits(test_.embeddings)));
});

test('trainHead fits on its validation rows what calibrate would', async () => {
  const options = { calibration: 'temperature', decision: 'macro-f1' } as const;
  const both = await trainOn({ validation, ...options });
  const apart = calibrate(await trainOn({ validation }), validation, options);
  assert.deepEqual(both.decision, apart.decision);
  await assert.rejects(trainOn({ calibration: 'temperature' }), {
    code: 'ERR_OPTION',
    message: /Expected held-out rows for calibration temperature/,
  });
});

test('the gain is judged on rows that the rule was not fitted on', () => {
  // Labels by lot: on the rows fitted on there is something to gain, on others there is nothing.
  const draws = clouds([60, 30, 15], { distance: 0, seed: 5 });
  const noise = brand(draws, 'validation');
  const { decision } = fitOf(calibrate(head, noise, { decision: 'balanced-accuracy' }));
  assert.ok(decision !== null && decision.after > decision.before + 0.05);
  assert.ok(decision.crossValidated.low < 0, JSON.stringify(decision.crossValidated));
  assert.match(decision.crossValidated.sentence, /no more than noise does|too few held-out rows/);
  const again = fitOf(calibrate(head, noise, { decision: 'balanced-accuracy' }));
  assert.deepEqual(again.decision, decision);
});

test('rows that must not be fitted on are refused', () => {
  const set = clouds(counts);
  for (const [given, words] of [
    [trainingClouds(counts), /the training part/],
    [test_, /the test part, which is for judging/],
    [brandResampled(set), /a resampled set/],
    [brand(clouds([0, 0, 0]), 'validation'), /the set has none/],
  ] as const)
    assert.throws(() => calibrate(head, given, { calibration: 'temperature' }), { code: 'ERR_DATA', message: words });
  const strange = fromArrays({ data: new Float32Array(4), shape: [1, 4] }, ['bird']);
  assert.throws(() => calibrate(head, strange as HeldOutSet, { calibration: 'temperature' }), {
    code: 'ERR_DATA',
    message: /Class "bird" has 1 rows to calibrate on/,
  });
});

test('options are obeyed or refused', () => {
  for (const [options, words] of [
    [{ calibration: 'temprature' }, /Unknown calibration "temprature"\. Did you mean temperature/],
    [{ calibration: { name: 'temperature', even: true } }, /Unknown option temperature\.even/],
    [{ decision: 'log-loss' }, /Expected one of argmax, accuracy/],
    [{ decision: 'few-shot' }, /Expected one of argmax, accuracy/],
    [{ decisionRule: 'thresholds' }, /decisionRule needs a metric/],
    [{ decision: 'accuracy', decisionRule: 'treshold' }, /Unknown decision rule "treshold"\. Did you mean thresholds/],
    [{ temperature: 2 }, /Unknown option calibrate\.temperature/],
  ] as const)
    assert.throws(() => calibrate(head, validation, options as never), { code: 'ERR_OPTION', message: words });
  assert.throws(() => calibrate(head, undefined, { decision: 'accuracy' }), {
    code: 'ERR_OPTION',
    message: /held-out rows/,
  });
});
