/** Heads of rows with any number of labels: training, thresholds, and the file they ship as. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openModelSession } from '../../../src/backbone/index.js';
import { exportOnnx, loadClassifier } from '../../../src/classifier/index.js';
import { asTraining, brand, fromArrays } from '../../../src/core/embedding-set.js';
import { calibrate, type DecisionFit } from '../../../src/decision/index.js';
import { evaluateMultiLabel } from '../../../src/metric/index.js';
import { writeModel } from '../../../src/onnx/index.js';
import { trainHead } from '../../../src/strategy/index.js';
import { headFromModel, tuneLabelThresholds } from '../../../src/train/index.js';
import { bestThreshold } from '../../../src/train/label-thresholds.js';
import { scoreMany } from '../../../src/train/validation.js';
import { labelledClouds, trainingClouds } from './toy.js';

const train = asTraining(labelledClouds(120, [0.5, 0.2, 0.1]));
const validation = brand(labelledClouds(80, [0.5, 0.2, 0.1], { seed: 1 }), 'validation');
const near = (got: number, wanted: number) => assert.ok(Math.abs(got - wanted) < 1e-5, `${got} is not ${wanted}`);

test('without a loss it is binary cross-entropy, and losses of one label are refused', async () => {
  const { settings, targets } = await trainHead(train, { epochs: 1 });
  assert.equal((settings['loss'] as { name: string }).name, 'binary-cross-entropy');
  assert.equal(targets, 'many');
  await assert.rejects(trainHead(train, { loss: 'focal', epochs: 1 }), {
    code: 'ERR_OPTION',
    message: /Losses for these: binary-cross-entropy, focal-sigmoid, asl-sigmoid, eql/,
  });
  await assert.rejects(trainHead(trainingClouds([20, 10]), { loss: 'eql', epochs: 1 }), {
    code: 'ERR_OPTION',
    message: /one label each. Losses for these: cross-entropy/,
  });
});

test('what needs one label a row is refused with what to do instead', async () => {
  await assert.rejects(trainHead(train, { mix: 'mixup' }), { code: 'ERR_DATA', message: /mix mixup/ });
  await assert.rejects(trainHead(train, { sampler: 'smote' }), { code: 'ERR_DATA', message: /batch sampler/ });
  await assert.rejects(trainHead(train, { head: 'nearest-mean' }), { code: 'ERR_DATA', message: /linear/ });
  await assert.rejects(trainHead(train, { validation: brand(trainingClouds([9, 9, 9]), 'validation') }), {
    code: 'ERR_SHAPE',
  });
  const all = asTraining(fromArrays({ data: new Float32Array(2), shape: [2, 1] }, [['a'], ['a']]));
  await assert.rejects(trainHead(all), { code: 'ERR_DATA', message: /at least two classes/ });
});

for (const batchSampler of ['class-balanced', 'class-aware', 'progressive'])
  test(`${batchSampler} batches go by the rarest class of a row, and visit rows without any`, async () => {
    const seen = new Set<string>();
    await trainHead(train, {
      batchSampler,
      epochs: 3,
      loss({ targets = new Float32Array(), classes }, gradient) {
        for (let at = 0; at < targets.length; at += classes) seen.add(targets.subarray(at, at + classes).join());
        gradient.fill(0);
        return 0;
      },
    });
    assert.ok(seen.has('0,0,0') && seen.has('1,0,0') && seen.has('0,0,1'));
  });

test('one step is W − rate · gradient of the summed binary cross-entropy', async () => {
  // Rows 1 and 2 of one column, classes (1, 0) and (1, 1); parameters start at 0, so every σ is ½ and z − t is −½ or ½.
  const set = asTraining(
    fromArrays({ data: Float32Array.of(1, 2), shape: [2, 1] }, { data: [1, 0, 1, 1], shape: [2, 2] }),
  );
  const { head } = await trainHead(set, { epochs: 0 });
  head.parameters.forEach(({ data }) => data.fill(0));
  const trained = await trainHead(set, {
    from: { head },
    epochs: 1,
    batchSize: 2,
    learningRate: 0.1,
    schedule: 'constant',
    optimizer: { name: 'sgd', momentum: 0, weightDecay: 0 },
  });
  const [weight, bias] = trained.head.parameters.map(({ data }) => data);
  // Class 0: mean of −½ · 1 and −½ · 2 is −0.75; class 1: of ½ · 1 and −½ · 2 is −0.25. Biases: −½, 0.
  [0.075, 0.025].forEach((wanted, c) => near(weight?.[c] as number, wanted));
  [0.05, 0].forEach((wanted, c) => near(bias?.[c] as number, wanted));
});

test('validation scores take each class as a yes or no of its own', () => {
  // Class 0: + right, − wrong: (1 + 0)/2. Class 1: all rows have it: left out. Class 2: + right, − right.
  const logits = Float32Array.of(1, 5, 1, 1, 5, -1);
  const recalls = new Float64Array(3);
  const score = scoreMany(logits, Uint8Array.of(1, 1, 1, 0, 1, 0), 3, recalls);
  near(score.balancedAccuracy, 0.75);
  // log(1 + e^−1) = 0.313262, log(1 + e) = 1.313262, log(1 + e^−5) = 0.006715: row sums 0.633239 and 1.633239.
  near(score.loss, (0.633239 + 1.633239) / 2);
  near(score.balancedLoss, ((0.313262 + 1.313262) / 2 + 0.313262) / 2);
  assert.deepEqual([...recalls], [1, 1, 1]);
});

test('a threshold is where the F1 is highest, as near to a half as may be', () => {
  // Ranked .9+ .8+ .4− .3+: F1 of the first two is 4/5, of all four 6/7.
  assert.equal(bestThreshold([0.9, 0.3, 0.8, 0.4], [1, 1, 1, 0]), 0.15);
  // Of .9+ .8+ | .4− .2− any cut between .4 and .8 is as good.
  assert.equal(bestThreshold([0.9, 0.8, 0.4, 0.2], [1, 1, 0, 0]), 0.5);
  assert.equal(bestThreshold([0.4, 0.3, 0.1], [1, 1, 0]), 0.2);
  assert.equal(bestThreshold([0.4, 0.3], [0, 0]), 0.5);
});

test('a tuned head ships with its thresholds, and its file predicts lists of labels', async () => {
  const head = tuneLabelThresholds(
    await trainHead(train, { strategy: 'binary-cross-entropy', head: 'mlp', epochs: 3, standardize: true }),
    validation,
  );
  assert.ok(head.thresholds.every((threshold) => threshold > 0 && threshold < 1));
  const rows = train.embeddings;
  const probabilities = head.probabilities(rows);
  head.logits(rows).forEach((z, at) => near(probabilities[at] as number, 1 / (1 + Math.exp(-z))));
  const back = headFromModel(writeModel(head.toModel()), 'head');
  assert.deepEqual([back.targets, back.thresholds], ['many', head.thresholds]);
  assert.deepEqual(back.probabilities(rows), probabilities);

  const folder = await mkdtemp(join(tmpdir(), 'many-'));
  try {
    const path = join(folder, 'head.onnx');
    await exportOnnx(head, { path, sampleRows: rows });
    await using classifier = await loadClassifier(path);
    assert.deepEqual([classifier.targets, classifier.thresholds], ['many', head.thresholds]);
    const items = Array.from({ length: 20 }, (_, i) => ({
      id: String(i),
      source: '',
      label: null,
      content: { kind: 'row' as const, values: train.embeddings.data.slice(i * 3, (i + 1) * 3) },
    }));
    // In any runtime: a 1 for each label of each row.
    await using session = await openModelSession(writeModel(head.toModel()), { threads: 1, where: 'head' });
    const { label: flags } = await session.run({ embedding: { data: rows.data, dims: [...rows.shape] } });
    assert.deepEqual(flags?.dims, rows.shape);
    assert.deepEqual(Array.from(flags?.data ?? [], Number), [...head.decide(head.logits(rows))]);
    let i = 0;
    for await (const { label, labels, probabilities: theirs } of classifier.predict(items)) {
      const own = [...probabilities.subarray(i * 3, ++i * 3)];
      Object.values(theirs).forEach((p, c) => near(p, own[c] as number));
      const wanted = head.classNames.filter((_, c) => (own[c] as number) >= (head.thresholds[c] as number));
      assert.deepEqual(labels, wanted);
      const ranked = [...wanted].sort((a, b) => (theirs[b] as number) - (theirs[a] as number));
      assert.equal(label, ranked[0] ?? null);
    }
    assert.equal(i, 20);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('what is for rows of one label is refused', async () => {
  const many = await trainHead(train, { epochs: 1 });
  const refused = (options: object, message: RegExp) => {
    assert.throws(() => calibrate(many, validation, options), { code: 'ERR_OPTION', message });
    return assert.rejects(trainHead(train, { ...options, validation, epochs: 1 }), { code: 'ERR_OPTION', message });
  };
  await refused({ calibration: 'temperature' }, /none, for rows with any number of labels/);
  await refused({ decision: 'accuracy' }, /one of macro-f1, balanced-accuracy, for rows with any number of labels/);
  await refused({ decision: 'macro-f1', decisionRule: 'adjusted-logits' }, /decisionRule/);
  await assert.rejects(trainHead(train, { decision: 'macro-f1', epochs: 1 }), {
    code: 'ERR_OPTION',
    message: /validation rows/,
  });
  assert.throws(() => calibrate(many, brand(validation, 'test'), { decision: 'macro-f1' }), { code: 'ERR_DATA' });
});

for (const decision of ['macro-f1', 'balanced-accuracy'] as const)
  test(`decision ${decision} tunes a threshold a class, says what that is worth, and travels`, async () => {
    // Weak and rare: the sigmoid of most rows that have class 2 lies below one half.
    const hard = { distance: 1.2 };
    const rows = asTraining(labelledClouds(300, [0.5, 0.2, 0.06], hard));
    const held = brand(labelledClouds(1200, [0.5, 0.2, 0.06], { ...hard, seed: 1 }), 'validation');
    const plain = await trainHead(rows, { epochs: 10, seed: 0 });
    const head = await trainHead(rows, { epochs: 10, seed: 0, decision, validation: held });
    assert.equal(head.thresholds?.length, 3);
    assert.ok(head.thresholds?.every((threshold) => threshold === Math.fround(threshold)));
    const tuned = calibrate(plain, held, { decision });
    const fit = tuned.decision?.fit as DecisionFit;
    assert.equal(fit.rows, 1200);
    assert.deepEqual(fit.decision?.['thresholds'], tuned.thresholds);
    // What it says of itself is what judging says.
    const key = decision === 'macro-f1' ? 'macroF1' : 'balancedAccuracy';
    near(fit.decision?.before as number, (await evaluateMultiLabel(plain, held))[key]);
    near(fit.decision?.after as number, (await evaluateMultiLabel(tuned, held))[key]);
    assert.ok((fit.decision?.after as number) > (fit.decision?.before as number) + 0.02);
    assert.ok((fit.decision?.crossValidated.after as number) <= (fit.decision?.after as number));
    assert.match(fit.decision?.crossValidated.sentence ?? '', /^thresholds raise/);
    // The last class is named in more rows than before.
    assert.ok((tuned.thresholds?.[2] as number) < 0.5);

    const back = headFromModel(writeModel(tuned.toModel()), 'head');
    assert.deepEqual([back.thresholds, back.decision], [tuned.thresholds, tuned.decision]);
    // Fitting anew begins from the head.
    assert.deepEqual(calibrate(back, held, { decision }).thresholds, tuned.thresholds);
  });

test('thresholds are not tuned where they mean nothing', async () => {
  const one = await trainHead(trainingClouds([20, 10, 5]), { epochs: 1 });
  assert.throws(() => tuneLabelThresholds(one, validation), { code: 'ERR_OPTION' });
  const many = await trainHead(train, { epochs: 1 });
  assert.throws(() => tuneLabelThresholds(many, trainingClouds([9, 9, 9])), { code: 'ERR_DATA' });
});
