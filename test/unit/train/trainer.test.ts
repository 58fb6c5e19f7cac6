import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTraining, brand, fromArrays, type TrainingSet } from '../../../src/core/embedding-set.js';
import { matrix } from '../../../src/core/matrix.js';
import type { ResamplingPlan } from '../../../src/core/plan.js';
import { applyScaler, createHead, fitScaler } from '../../../src/head/index.js';
import { materialize } from '../../../src/kernels/index.js';
import { createLoss, type EvaluateLoss } from '../../../src/loss/index.js';
import { writeModel } from '../../../src/onnx/index.js';
import { createSampler, type Sampler } from '../../../src/sampler/index.js';
import { fitHead, headFromModel, type TrainedHead, type TrainOptions } from '../../../src/train/index.js';
import { clouds, heldOutClouds, recalls, trainingClouds } from './toy.js';

const bytesOf = ({ head }: TrainedHead) => head.parameters.map(({ data }) => [...data]);

test('one step is W − rate · gradient', async () => {
  const train = asTraining(fromArrays({ data: Float32Array.of(1, -2), shape: [2, 1] }, [0, 1]));
  const options = { epochs: 1, batchSize: 2, learningRate: 0.5, schedule: 'constant', seed: 3 };
  const trained = await fitHead(train, { ...options, optimizer: { name: 'sgd', momentum: 0, weightDecay: 0 } });
  const [w = [], b = []] = createHead('linear', { inputDim: 1, classes: 2, seed: 3 }).parameters.map((p) => [
    ...p.data,
  ]);
  // Rows x = 1 (class 0) and x = −2 (class 1). With two classes p_1 = 1/(1 + e^(z_0 − z_1)), and dL/dz_1 = (p_1 − y_1) / 2 a row,
  // dL/dz_0 = −dL/dz_1. Weights move by −0.5 Σ x · dL/dz, biases by −0.5 Σ dL/dz.
  const slope = (x: number, isOne: number) => {
    const [w0 = 0, w1 = 0] = w;
    const [b0 = 0, b1 = 0] = b;
    return (1 / (1 + Math.exp(w0 * x + b0 - (w1 * x + b1))) - isOne) / 2;
  };
  const first = slope(1, 0);
  const second = slope(-2, 1);
  const moveW = 0.5 * (1 * first - 2 * second);
  const moveB = 0.5 * (first + second);
  const wanted = [
    [(w[0] as number) + moveW, (w[1] as number) - moveW],
    [(b[0] as number) + moveB, (b[1] as number) - moveB],
  ];
  bytesOf(trained).forEach((values, p) =>
    values.forEach((value, j) => assert.ok(Math.abs(value - (wanted[p]?.[j] as number)) < 1e-6)),
  );
});

test('clouds that are apart are told apart', async () => {
  const head = await fitHead(trainingClouds([60, 60, 60], { distance: 8 }));
  assert.deepEqual(recalls(head, heldOutClouds([30, 30, 30], { distance: 8, seed: 1 })), [1, 1, 1]);
});

test('embeddings of any scale train alike', async () => {
  const set = clouds([80, 80, 20]);
  const test = heldOutClouds([50, 50, 50], { seed: 1 });
  for (const factor of [0.1, 1, 1e3]) {
    const scale = <T extends typeof set>(s: T): T => ({
      ...s,
      embeddings: matrix(
        (s.embeddings.data as Float32Array).map((v) => v * factor),
        s.labels.length,
        4,
      ),
    });
    const mean = recalls(await fitHead(asTraining(scale(set))), scale(test)).reduce((a, b) => a + b, 0) / 3;
    assert.ok(mean > 0.85, `times ${factor}: ${mean}`);
  }
});

test('class weights raise the recall of the small class', async () => {
  const train = trainingClouds([400, 12], { distance: 1.5 });
  const held = heldOutClouds([100, 100], { distance: 1.5, seed: 1 });
  for (const seed of [0, 1]) {
    const [, plain = 1] = recalls(await fitHead(train, { seed }), held);
    const loss = { name: 'cross-entropy', classWeights: 'inverse-frequency', reduction: 'weight-mean' };
    const [, weighted = 0] = recalls(await fitHead(train, { seed, loss }), held);
    assert.ok(weighted > plain + 0.2, `${plain} → ${weighted}`);
  }
});

test('the epoch that is best on the validation rows is kept', async () => {
  const train = trainingClouds([60, 20], { distance: 1 });
  const validation = brand(clouds([40, 40], { distance: 1, seed: 2 }), 'validation');
  const options: TrainOptions = { epochs: 30, schedule: 'constant', learningRate: 1 };
  for (const metric of ['balancedAccuracy', 'balancedLoss', 'loss'] as const) {
    const head = await fitHead(train, { ...options, validation, earlyStopping: { metric } });
    const scores = head.history.map(({ validation: score }) => score?.[metric] as number);
    assert.equal(scores[head.bestEpoch], metric === 'balancedAccuracy' ? Math.max(...scores) : Math.min(...scores));
    assert.ok(head.bestEpoch < 29, 'the last epoch is best: this checks nothing');
    // A constant rate: ending after the best epoch gives the same parameters.
    const shorter = await fitHead(train, { ...options, epochs: head.bestEpoch + 1 });
    assert.deepEqual(bytesOf(head), bytesOf(shorter));
  }
});

test('patience ends training that many epochs after the best one', async () => {
  const train = trainingClouds([60, 20], { distance: 1 });
  const validation = brand(clouds([40, 40], { distance: 1, seed: 2 }), 'validation');
  const earlyStopping = { patience: 3 };
  const head = await fitHead(train, { epochs: 60, schedule: 'constant', learningRate: 1, validation, earlyStopping });
  assert.equal(head.history.length, head.bestEpoch + 4);
  assert.ok(head.history.length < 60);
});

test('without validation rows the last epoch is kept', async () => {
  const head = await fitHead(trainingClouds([20, 20]), { epochs: 4 });
  assert.equal(head.bestEpoch, 3);
  assert.equal(head.history.length, 4);
});

test('the scaler is fitted on the original rows, trains and predicts as one with the head', async () => {
  const set = clouds([40, 10]);
  const x = {
    data: (set.embeddings.data as Float32Array).map((v, i) => (i % 4) * 1000 + v * 10 ** (i % 4)),
    rows: 50,
    cols: 4,
  };
  const raw = asTraining({ ...set, embeddings: matrix(x.data, 50, 4) });
  const scaler = await fitScaler(() => [x], 4);
  const out = new Float32Array(x.data.length);
  applyScaler(scaler, x, out);
  const ready = asTraining({ ...set, embeddings: matrix(out, 50, 4) });
  const options = { epochs: 5, sampler: 'smote' };
  const inside = await fitHead(raw, { ...options, standardize: true });
  const outside = await fitHead(ready, { ...options, standardize: false });
  assert.deepEqual(inside.scaler, scaler);
  assert.deepEqual(bytesOf(inside), bytesOf(outside));
  assert.deepEqual(inside.logits(raw.embeddings), outside.logits(ready.embeddings));
  assert.equal(outside.scaler, undefined);
  const nodes = inside.toModel().graph?.node.map(({ opType }) => opType);
  assert.deepEqual(nodes, ['Sub', 'Mul', 'Gemm', 'Softmax', 'ArgMax']);
});

test('rows of a table are standardized unless told otherwise', async () => {
  const set = clouds([20, 20]);
  const columns = Array.from({ length: 4 }, (_, j) => ({ name: `c${j}`, kind: 'numeric' as const }));
  const table = asTraining({ ...set, columns });
  assert.ok((await fitHead(table, { epochs: 1 })).scaler);
  assert.equal((await fitHead(table, { epochs: 1, standardize: false })).scaler, undefined);
});

/** The rows of a plan, made, as a training set of their own. */
function made(set: TrainingSet, plan: ResamplingPlan): TrainingSet {
  const x = materialize(set, plan);
  const kept = plan.keep === 'all' ? [...set.labels] : Array.from(plan.keep, (row) => set.labels[row] as number);
  const labels = [...kept, ...plan.recipes.label, ...(plan.extra?.labels ?? [])];
  return asTraining(fromArrays(x, labels, { classNames: set.classNames }));
}

for (const [name, own] of [
  ['smote', {}],
  ['svm-smote', { mNeighbors: 4 }],
  ['random-over-sampling', { shrinkage: 0.5 }],
] as const)
  test(`training on a plan is training on the rows it makes: ${name}`, async () => {
    const train = trainingClouds([50, 9]);
    const sampler = createSampler(name, { seed: 5, ...own });
    const options: TrainOptions = { epochs: 3, epochLength: 'resampled', learningRate: 0.3 };
    const planned = await fitHead(train, { ...options, sampler });
    const plan = await sampler.plan(train);
    assert.equal(plan.extra !== undefined, name !== 'smote');
    assert.deepEqual(bytesOf(planned), bytesOf(await fitHead(made(train, plan), options)));
    assert.equal(planned.plan?.rows, 100);
    assert.equal(planned.plan?.sampler, name);
  });

test('soft labels of a sampler reach the loss', async () => {
  const train = trainingClouds([50, 9]);
  const fit = (mix: string) =>
    fitHead(train, { epochs: 3, epochLength: 'resampled', sampler: { name: 'soft-smote', mix } });
  const [hard, soft] = [await fit('hard'), await fit('mixup')];
  assert.notDeepEqual(bytesOf(soft), bytesOf(hard));
  // Rows between two classes can not be fitted: their share of both keeps the loss up.
  assert.ok(soft.history.at(-1)!.loss > 0);
  await assert.rejects(fitHead(train, { epochs: 1, sampler: 'soft-smote', mix: 'mixup' }), {
    code: 'ERR_OPTION',
    message: /trainHead\.mix/,
  });
});

test('a row that no recipe makes weighs what its first parent weighs', async () => {
  const train = trainingClouds([30, 10]);
  const sampler = createSampler('random-over-sampling', { shrinkage: 0.5 });
  const options: TrainOptions = { epochs: 2, epochLength: 'resampled', batchSize: 60, learningRate: 0.3 };
  const lighter = Array.from(train.labels, (label) => (label === 1 ? 0 : 1));
  // Rows of class 1 and all made from them count nothing: what is left is fitted as if their labels were any.
  const weighted = await fitHead(train, { ...options, sampler, sampleWeights: lighter });
  const plan = await sampler.plan(train);
  const flipped = {
    ...sampler,
    plan: async () => ({ ...plan, extra: { ...plan.extra!, labels: plan.extra!.labels.map(() => 0) } }),
  };
  assert.deepEqual(
    bytesOf(weighted),
    bytesOf(await fitHead(train, { ...options, sampler: flipped, sampleWeights: lighter })),
  );
});

test('dropped rows, extra rows and recipes over made rows all reach the head', async () => {
  const train = trainingClouds([5, 3]);
  const plan: ResamplingPlan = {
    sampler: 'own',
    options: {},
    originalRows: 8,
    keep: Int32Array.of(1, 2, 5, 6, 7),
    // Recipe 1 goes from row 8, which recipe 0 makes.
    recipes: {
      base: Int32Array.of(5, 8),
      other: Int32Array.of(0, 6),
      step: Float32Array.of(0.5, 0.25),
      label: Int32Array.of(1, 1),
    },
    extra: {
      embeddings: matrix(Float32Array.of(1, 2, 3, 4), 1, 4),
      labels: Int32Array.of(0),
      parents: [Int32Array.of(1)],
    },
    perClass: [],
  };
  const sampler = { name: 'own', options: {}, plan: () => Promise.resolve(plan) } as unknown as Sampler;
  const options: TrainOptions = { epochs: 3, epochLength: 'resampled', learningRate: 0.3, batchSize: 3 };
  const trained = await fitHead(train, { ...options, sampler });
  assert.deepEqual(bytesOf(trained), bytesOf(await fitHead(made(train, plan), options)));
});

test('an epoch has the length of the original set, or of the resampled one', async () => {
  const train = trainingClouds([50, 10]);
  const stages: number[] = [];
  for (const epochLength of ['original', 'resampled'] as const)
    await fitHead(train, {
      sampler: 'random-over-sampling',
      epochLength,
      epochs: 1,
      batchSize: 10,
      onProgress: ({ stage, total }) => stage === 'train' && stages.push(total as number),
    });
  // 60 rows make 6 steps, 100 make 10.
  assert.deepEqual([stages[0], stages.at(-1)], [6, 10]);
});

test('fresh draws change the rows from epoch to epoch, and follow the seed', async () => {
  const train = trainingClouds([40, 8]);
  const fit = async (freshDraws: boolean) => bytesOf(await fitHead(train, { sampler: 'smote', epochs: 4, freshDraws }));
  assert.deepEqual(await fit(true), await fit(true));
  assert.notDeepEqual(await fit(true), await fit(false));
});

test('the same seed gives the same bytes on any number of threads', async () => {
  const train = trainingClouds([60, 20, 6]);
  const fit = async (seed: number, threads: number) =>
    bytesOf(await fitHead(train, { sampler: 'eos', epochs: 3, seed, threads }));
  assert.deepEqual(await fit(1, 1), await fit(1, 4));
  assert.notDeepEqual(await fit(1, 1), await fit(2, 1));
});

test('sample weights count by their ratios, and a weight of 0 takes a row out', async () => {
  const train = trainingClouds([30, 30]);
  const fit = async (sampleWeights?: number[]) =>
    bytesOf(await fitHead(train, { epochs: 2, batchSize: 60, ...(sampleWeights && { sampleWeights }) }));
  assert.deepEqual(await fit(Array.from({ length: 60 }, () => 7)), await fit());
  const spoilt = fromArrays(
    train.embeddings,
    Array.from(train.labels, (label, i) => (i < 3 ? 1 : label)),
  );
  const weights = Float32Array.from(train.labels, (_, i) => (i < 3 ? 0 : 1));
  const right = await fitHead({ ...train, weights }, { epochs: 2, batchSize: 60 });
  const wrong = await fitHead({ ...asTraining(spoilt), weights }, { epochs: 2, batchSize: 60 });
  bytesOf(right)
    .flat()
    .forEach((w, j) => assert.ok(Math.abs(w - (bytesOf(wrong).flat()[j] as number)) < 1e-6));
});

test('mixing shares labels between the ends, and refuses rows that are mixed already', async () => {
  const train = trainingClouds([40, 10], { distance: 6 });
  const head = await fitHead(train, { mix: 'mamix', sampler: 'random-over-sampling' });
  assert.ok(recalls(head, heldOutClouds([20, 20], { distance: 6, seed: 1 })).every((recall) => recall > 0.9));
  // Mixed labels cannot be fitted to the end: the loss stays well above that of the plain rows.
  const plain = await fitHead(train, {});
  assert.ok((head.history.at(-1)?.loss as number) > 3 * (plain.history.at(-1)?.loss as number));
  await assert.rejects(fitHead(train, { mix: 'mixup', sampler: 'smote' }), { code: 'ERR_OPTION' });
});

test('a head reads back from its model with equal logits and settings', async () => {
  const train = trainingClouds([30, 10]);
  for (const standardize of [true, false]) {
    const head = await fitHead(train, { epochs: 2, standardize });
    const back = headFromModel(writeModel(head.toModel()), 'head.onnx');
    assert.deepEqual(back.logits(train.embeddings), head.logits(train.embeddings));
    assert.deepEqual(back.classNames, head.classNames);
    assert.deepEqual(back.settings, head.settings);
  }
});

test('probabilities are the softmax of the logits, in chunks or not', async () => {
  const head = await fitHead(trainingClouds([30, 10]), { epochs: 2, standardize: true });
  const many = clouds([1500, 600], { seed: 4 });
  const all = head.probabilities(many.embeddings);
  assert.equal(all.length, 4200);
  const last = { data: (many.embeddings.data as Float32Array).subarray(2099 * 4), shape: [1, 4] };
  const [a = 0, b = 0] = head.logits(last);
  assert.ok(Math.abs((all[4198] as number) - 1 / (1 + Math.exp(b - a))) < 1e-6);
  assert.throws(() => head.logits({ data: new Float32Array(6), shape: [2, 3] }), { code: 'ERR_SHAPE' });
});

test('settings are JSON and say everything', async () => {
  const { settings } = await fitHead(trainingClouds([30, 10]), { sampler: { name: 'eos', kNeighbors: 3 }, epochs: 1 });
  assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings);
  assert.deepEqual(
    [settings['epochs'], settings['batchSize'], settings['rows'], settings['resampledRows']],
    [1, 40, 40, 60],
  );
});

test('training stops when told to', async () => {
  const train = trainingClouds([500, 500], { dim: 64 });
  await assert.rejects(fitHead(train, { signal: AbortSignal.abort() }), { code: 'ERR_ABORTED' });
  const controller = new AbortController();
  const onProgress = () => controller.abort();
  await assert.rejects(fitHead(train, { epochs: 5000, signal: controller.signal, onProgress }), {
    code: 'ERR_ABORTED',
  });
});

test('timers run while training does', async () => {
  // Aborted by a timer: were the event loop blocked, training would end without having heard of it.
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  const fit = fitHead(trainingClouds([500, 500], { dim: 64 }), { epochs: 3000, signal: controller.signal });
  await assert.rejects(fit, { code: 'ERR_ABORTED' });
});

test('a loss of the caller that writes NaN, or returns no number, stops at once', async () => {
  const train = trainingClouds([30, 10]);
  // Of three batches the second has a gradient that is not finite, while its value looks sound.
  const poisoned: EvaluateLoss = (batch, gradient) => {
    gradient.fill(batch.step === 1 ? NaN : 0);
    return 1;
  };
  await assert.rejects(fitHead(train, { loss: poisoned, batchSize: 16, epochs: 1 }), {
    code: 'ERR_DATA',
    message: /diverged in step 1 of epoch 0.*gradient of loss poisoned is not finite/,
  });
  const silent = ((_: unknown, gradient: Float32Array) => void gradient.fill(0)) as unknown as EvaluateLoss;
  await assert.rejects(fitHead(train, { loss: silent, epochs: 1 }), {
    message: /Expected a number for the value of loss silent but received nothing/,
  });
});

test('a last step beyond all numbers is seen, though no loss follows it', async () => {
  const train = trainingClouds([30, 10]);
  await assert.rejects(
    // A step of AdamW is about as long as the rate.
    fitHead(train, { optimizer: 'adamw', learningRate: 3e38, schedule: 'constant', batchSize: 40, epochs: 1 }),
    { code: 'ERR_DATA', message: /diverged in step 0 of epoch 0.* is no longer finite/ },
  );
});

test('a training that diverges says where, and what to change', async () => {
  await assert.rejects(fitHead(trainingClouds([50, 50]), { learningRate: 1e38, schedule: 'constant' }), {
    code: 'ERR_DATA',
    message: /step \d+ of epoch \d+, at learning rate 1e\+38.*Lower learningRate/s,
  });
});

test('a loss that becomes NaN stops training, and says where and what to change', async () => {
  let calls = 0;
  const loss = (_: unknown, gradient: Float32Array) => {
    gradient.fill(0);
    return ++calls === 5 ? NaN : 1;
  };
  // 40 rows in batches of 20: the fifth step is the first of epoch 2.
  const given = { loss, batchSize: 20, learningRate: 0.25, schedule: 'constant' };
  await assert.rejects(fitHead(trainingClouds([30, 10]), given), {
    code: 'ERR_DATA',
    message:
      /diverged in step 0 of epoch 2, at learning rate 0\.25: the loss is NaN\. Lower learningRate .* standardize/,
  });
  assert.equal(calls, 5);
});

test('class ids need not be contiguous: a class of the table without rows is never predicted', async () => {
  const { embeddings } = clouds([30, 10]);
  const labels = Int32Array.from({ length: 40 }, (_, i) => (i < 30 ? 0 : 2));
  const gap = asTraining(fromArrays(embeddings, labels));
  assert.deepEqual([...gap.classCounts], [30, 0, 10]);
  const head = await fitHead(gap, { epochs: 20 });
  const logits = head.logits(embeddings);
  for (let at = 0; at < logits.length; at += 3)
    assert.ok((logits[at + 1] as number) < Math.max(logits[at] as number, logits[at + 2] as number));
});

test('what cannot be trained on is refused', async () => {
  const train = trainingClouds([10, 10]);
  const refused = (set: unknown, options: object, error: object) =>
    assert.rejects(fitHead(set as TrainingSet, options), error);
  await refused(clouds([10, 10]), {}, { code: 'ERR_DATA', message: /was not split/ });
  await refused(trainingClouds([10, 0]), {}, { code: 'ERR_DATA', message: /at least two classes.*class-0/ });
  await refused(train, { epoch: 3 }, { code: 'ERR_OPTION', message: /Did you mean epochs/ });
  await refused(train, { learningRate: 0 }, { code: 'ERR_OPTION' });
  await refused(train, { loss: 'cross-entropie' }, { code: 'ERR_OPTION', message: /cross-entropy/ });
  await refused(train, { loss: 3 }, { code: 'ERR_OPTION' });
  await refused(train, { earlyStopping: { patience: 2 } }, { code: 'ERR_OPTION', message: /validation/ });
  await refused(train, { validation: clouds([0, 0]) }, { code: 'ERR_DATA' });
  await refused(train, { validation: clouds([5, 5], { dim: 3 }) }, { code: 'ERR_SHAPE' });
  await refused(train, { validation: clouds([5, 5, 5]) }, { code: 'ERR_DATA', message: /class tables/ });
  await refused(train, { sampleWeights: [1] }, { code: 'ERR_SHAPE' });
  await refused(train, { sampleWeights: new Float32Array(20) }, { code: 'ERR_DATA' });
});

test('lbfgs reaches the optimum: no slope is left', async () => {
  const train = trainingClouds([60, 20, 6], { distance: 1 });
  const l2 = 0.01;
  const trained = await fitHead(train, { optimizer: { name: 'lbfgs', l2, tolerance: 1e-4 } });
  assert.ok(trained.history.length < 60, `${trained.history.length} steps`);
  const [rows = 0] = train.embeddings.shape;
  const logits = trained.logits(train.embeddings);
  const slope = new Float32Array(logits.length);
  const { evaluate } = createLoss('cross-entropy');
  const { labels, classCounts } = train;
  evaluate({ logits, labels, rows, classes: 3, classCounts, epoch: 0, epochs: 1, step: 0, seed: 0 }, slope);
  const gradients = trained.head.parameters.map(({ data }) => new Float32Array(data.length));
  trained.head.backward(train.embeddings.data, rows, slope, gradients);
  gradients.forEach((gradient, p) =>
    gradient.forEach((g, j) =>
      assert.ok(Math.abs(g + l2 * (trained.head.parameters[p]?.data[j] as number)) < 2e-4, `${p} ${j}: ${g}`),
    ),
  );
  assert.equal(trained.settings['batchSize'], rows);
  assert.equal(trained.settings['learningRate'], null);
});

test('lbfgs refuses what it has no use for, and several penalties without rows to choose by', async () => {
  const train = trainingClouds([20, 10]);
  for (const given of [
    { batchSize: 8 },
    { learningRate: 0.1 },
    { schedule: 'step' },
    { mix: 'mixup' },
    { batchSampler: 'class-balanced' },
    { accumulate: 2 },
  ])
    await assert.rejects(fitHead(train, { optimizer: 'lbfgs', ...given }), { code: 'ERR_OPTION', message: /lbfgs/ });
  await assert.rejects(fitHead(train, { optimizer: { name: 'lbfgs', l2: [1, 0.1] } }), { message: /validation/ });
});

test('the validation rows choose among the penalties', async () => {
  const train = trainingClouds([60, 20, 6], { distance: 1, dim: 20 });
  const validation = heldOutClouds([40, 40, 40], { distance: 1, dim: 20, seed: 1 });
  const trained = await fitHead(train, { optimizer: { name: 'lbfgs', l2: [1, 0.1, 0.01, 1e-6] }, validation });
  assert.ok(trained.bestEpoch < trained.history.length - 1, 'the weakest penalty should overfit');
});

test('gathering two batches a step is one batch of twice the rows', async () => {
  const train = trainingClouds([32, 32]);
  const shared = { epochs: 3, learningRate: 0.1, batchSampler: 'instance' } as const;
  const parametersOf = async (options: object) =>
    (await fitHead(train, { ...shared, ...options })).head.parameters.flatMap(({ data }) => [...data]);
  const whole = await parametersOf({ batchSize: 32 });
  const gathered = await parametersOf({ batchSize: 16, accumulate: 2 });
  gathered.forEach((w, j) => assert.ok(Math.abs(w - (whole[j] as number)) < 1e-5));
});

test('training goes on from a head, moves what it may, and begins anew what it is told to', async () => {
  const train = trainingClouds([30, 20]);
  const head = { name: 'adapter', width: 4 };
  const first = await fitHead(train, { head, epochs: 2, standardize: true });
  const before = first.head.parameters.map(({ data }) => data.slice());
  const trainable = ['weight', 'bias'];
  const second = await fitHead(train, { head, epochs: 2, from: first, trainable, restart: ['bias'], seed: 1 });
  assert.deepEqual(second.scaler, first.scaler);
  assert.deepEqual(second.settings['trainable'], trainable);
  second.head.parameters.forEach(({ name, data }, p) =>
    trainable.includes(name) ? assert.notDeepEqual(data, before[p]) : assert.deepEqual(data, before[p]),
  );
  // No step at all: what goes on is the old head, what begins anew is the seed's.
  const third = await fitHead(train, { head, epochs: 0, from: first, restart: ['bias'], seed: 1 });
  const fresh = await fitHead(train, { head, epochs: 0, seed: 1 });
  assert.deepEqual(third.head.parameters[4]?.data, before[4]);
  assert.deepEqual(third.head.parameters[5]?.data, fresh.head.parameters[5]?.data);
  first.head.parameters.forEach(({ data }, p) => assert.deepEqual(data, before[p]));

  await assert.rejects(fitHead(train, { head: 'linear', from: first }), { code: 'ERR_OPTION', message: /adapter/ });
  await assert.rejects(fitHead(train, { trainable: ['wieght'] }), { code: 'ERR_OPTION', message: /weight, bias/ });
  await assert.rejects(fitHead(train, { head, from: first, standardize: false }), { code: 'ERR_OPTION' });
});

test('dropout trains at random, repeats by the seed, and is off when predicting', async () => {
  const train = trainingClouds([60, 30]);
  const head = { name: 'mlp', hidden: [16], dropout: 0.5 };
  const fit = async (seed: number) => fitHead(train, { head, epochs: 5, seed });
  const [first, again] = [await fit(1), await fit(1)];
  assert.deepEqual(first.logits(train.embeddings), again.logits(train.embeddings));
  assert.deepEqual(first.logits(train.embeddings), first.logits(train.embeddings));
  const without = await fitHead(train, { head: { ...head, dropout: 0 }, epochs: 5, seed: 1 });
  assert.notDeepEqual(first.logits(train.embeddings), without.logits(train.embeddings));
});

test('a method of its own makes the gradients, and the optimizer follows them', async () => {
  const train = trainingClouds([10, 10]);
  const start = await fitHead(train, { epochs: 0 });
  const step = {
    name: 'ones',
    options: { of: 1 },
    prepare:
      ({ gradients }: { gradients: readonly Float32Array[] }) =>
      () => {
        gradients.forEach((gradient) => gradient.fill(1));
        return 7;
      },
  };
  const optimizer = { name: 'sgd', momentum: 0, weightDecay: 0 };
  const schedule = 'constant';
  const trained = await fitHead(train, { step, optimizer, schedule, epochs: 1, batchSize: 10, learningRate: 0.5 });
  // Two batches, each moving every parameter by −0.5.
  trained.head.parameters.forEach(({ data }, p) =>
    data.forEach((w, j) => assert.ok(Math.abs(w - ((start.head.parameters[p]?.data[j] as number) - 1)) < 1e-6)),
  );
  assert.equal(trained.history[0]?.loss, 7);
  assert.deepEqual(trained.settings['step'], { name: 'ones', of: 1 });
});

test('a sampler that draws nothing is taken by name, and a class it empties is not in the way', async () => {
  // With a single row among the others, class 1 has no neighbour of its own and loses it.
  const train = trainingClouds([30, 1, 12]);
  const sampler = { name: 'edited-nearest-neighbors', samplingStrategy: ['class-1'] };
  const { settings, plan } = await fitHead(train, { epochs: 1, sampler });
  assert.deepEqual(settings['sampler'], { ...sampler, kNeighbors: 3, kind: 'all' });
  assert.equal(settings['resampledRows'], 42);
  assert.match(plan!.perClass[1]!.fallback!, /every row was removed/);
});
