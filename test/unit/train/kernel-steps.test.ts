/** The kernel's steps against those of the parts, which every other head, loss and optimizer takes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '../../../src/core/rng.js';
import { asTraining, fromArrays } from '../../../src/core/embedding-set.js';
import { kernelReport, loadKernels, type Kernels, type LearnInput } from '../../../src/kernels/index.js';
import { knownIsas } from '../../../src/kernels/load.js';
import { createLoss } from '../../../src/loss/index.js';
import { fitHead, type TrainedHead, type TrainOptions } from '../../../src/train/index.js';
import { relativeDistance } from './toy.js';

const { isas } = kernelReport({ backend: 'addon' });
const addons = knownIsas.filter((isa) => isas.includes(isa)).map((isa) => loadKernels({ backend: 'addon', isa }));
const fast = addons[0] as Kernels;

/** A long-tailed set whose sizes are no multiple of any tile. */
function drawSet(rows: number, cols: number, classes: number) {
  const draws = createRng(5, `kernel-steps/${rows}/${cols}/${classes}`).at(0);
  const labels = Int32Array.from({ length: rows }, (_, i) =>
    i < classes ? i : Math.floor(draws.uniform() ** 2 * classes),
  );
  const data = Float32Array.from({ length: rows * cols }, () => draws.uniform() - 0.5);
  for (let i = 0; i < rows; i++) {
    const at = i * cols + ((labels[i] as number) % cols);
    data[at] = (data[at] as number) + 1;
  }
  return asTraining(fromArrays({ data, shape: [rows, cols] }, labels));
}

const train = drawSet(203, 19, 5);
const wide = drawSet(150, 140, 37);
/** Of columns that fill whole tiles, so that its rows are read where they lie. */
const even = drawSet(330, 64, 3);
const shared: TrainOptions = { epochs: 3, batchSize: 64, seed: 2 };
const mlp = { name: 'mlp', hidden: [33, 18] };

/** The same kernels without that one, so that the trainer steps by parts. */
const withoutLearn = ({ backend, isa, nearest, interpolate, gemm, resample }: Kernels): Kernels => ({
  backend,
  isa,
  nearest,
  interpolate,
  gemm,
  resample,
});

/** The kernels, and how often training learnt by them. */
function counting(kernels: Kernels) {
  const calls: LearnInput[] = [];
  const { learn } = kernels;
  assert.ok(learn);
  return { calls, kernels: { ...kernels, learn: (input: LearnInput) => (calls.push(input), learn(input)) } };
}

/**
 * The kernel rounds losses to float32 and sums in another order: some 2^-22 of the gradient a step, which dozens of steps with
 * momentum add up.
 */
const tolerance = 1e-4;

const distance = (a: TrainedHead, b: TrainedHead) => relativeDistance(a.head, b.head);

const settings: Record<string, [typeof train, TrainOptions]> = {
  'a linear head': [train, {}],
  'a head without bias': [train, { head: { name: 'linear', bias: false } }],
  'more classes than a tile, more columns than a block': [wide, {}],
  'a perceptron of two hidden layers': [train, { head: mlp }],
  'a wide perceptron': [wide, { head: { name: 'mlp', hidden: [129] } }],
  'rows where they lie': [even, { batchSize: 300 }],
  'rows where they lie and made ones': [even, { batchSize: 150, sampler: 'smote', epochLength: 'resampled' }],
  'a perceptron of few units': [even, { head: { name: 'mlp', hidden: [6] }, batchSize: 100 }],
  'one row a step': [train, { batchSize: 1, epochs: 1, learningRate: 0.05 }],
  'nesterov and no decay': [train, { optimizer: { name: 'sgd', nesterov: true, weightDecay: 0 } }],
  adamw: [train, { head: mlp, optimizer: 'adamw' }],
  'sample weights': [train, { sampleWeights: train.labels.map((_, i) => i % 4) }],
  'synthetic rows': [train, { sampler: 'smote', epochLength: 'resampled' }],
  'soft labels': [train, { sampler: 'soft-smote', epochLength: 'resampled' }],
  'mixed rows': [train, { mix: 'mixup' }],
  'class weights from the second epoch on, over the weights': [
    train,
    { loss: { name: 'cross-entropy', classWeights: 'inverse-frequency', weightsFrom: 0.3, reduction: 'weight-mean' } },
  ],
  'label smoothing': [
    train,
    { loss: { name: 'cross-entropy', labelSmoothing: 0.2, classWeights: 'effective-number' } },
  ],
  'balanced softmax': [train, { loss: 'balanced-softmax' }],
  'logit adjustment of soft labels': [train, { loss: 'logit-adjustment', sampler: 'soft-smote' }],
  'class-dependent temperatures': [train, { loss: 'cdt' }],
  'vector scaling with weights': [train, { loss: { name: 'vs-loss', classWeights: 'inverse-frequency' } }],
  lbfgs: [
    train,
    { optimizer: { name: 'lbfgs', l2: 0.01 }, epochs: 8, batchSize: undefined } as unknown as TrainOptions,
  ],
};

for (const [what, [set, options]] of Object.entries(settings))
  test(`the kernel learns what the parts learn: ${what}`, async () => {
    const given = { ...shared, ...options };
    if (given.batchSize === undefined) delete (given as { batchSize?: number }).batchSize;
    const byParts = await fitHead(set, { ...given, kernels: withoutLearn(fast) });
    for (const isa of addons) {
      const { calls, kernels } = counting(isa);
      const byKernel = await fitHead(set, { ...given, kernels });
      assert.ok(calls.length > 0, 'the kernel was not asked');
      assert.ok(distance(byParts, byKernel) < tolerance, `${isa.isa}: ${distance(byParts, byKernel)}`);
      byParts.history.forEach(({ loss }, epoch) =>
        assert.ok(Math.abs(loss - (byKernel.history[epoch]?.loss as number)) < tolerance * (1 + Math.abs(loss))),
      );
    }
  });

test('any number of threads leaves the same bytes', async () => {
  // 640 rows a step: enough that the kernel takes all the threads it may.
  const many = drawSet(1500, 300, 21);
  const few = drawSet(1500, 320, 6);
  for (const [set, options] of [
    [many, {}],
    [few, {}],
    [few, { sampler: 'smote', epochLength: 'resampled' }],
    [many, { head: { name: 'mlp', hidden: [100] } }],
    [many, { optimizer: 'lbfgs', epochs: 4 }],
  ] as const) {
    const given = { epochs: 2, ...('optimizer' in options ? {} : { batchSize: 640 }), ...options };
    const [one, ...more] = await Promise.all([1, 2, 3, 7].map((threads) => fitHead(set, { ...given, threads })));
    for (const other of more)
      assert.deepEqual(
        other?.head.parameters.map(({ data }) => data),
        one?.head.parameters.map(({ data }) => data),
      );
  }
});

test('what the kernel does not know is left to the parts', async () => {
  const own: TrainOptions[] = [
    { loss: 'focal' },
    {
      loss: {
        name: 'own',
        options: {},
        evaluate: (batch, gradient) => createLoss('cross-entropy').evaluate(batch, gradient),
      },
    },
    { head: 'cosine' },
    { head: { name: 'mlp', dropout: 0.5 } },
    { head: mlp, trainable: 'classifier' },
    { accumulate: 2 },
    { optimizer: 'sam' },
  ];
  for (const options of own) {
    const { calls, kernels } = counting(fast);
    await fitHead(train, { ...shared, ...options, kernels });
    assert.equal(calls.length, 0, JSON.stringify(options));
  }
});

test('a caller’s own loss learns as the loss it computes', async () => {
  const { evaluate } = createLoss('cross-entropy');
  const own = await fitHead(train, { ...shared, loss: (batch, gradient) => evaluate(batch, gradient) });
  const named = await fitHead(train, shared);
  assert.ok(distance(own, named) < tolerance);
  assert.equal((own.settings['loss'] as { name: string }).name, 'loss');
});

test('arguments that do not fit together never reach the kernel', async () => {
  const { calls, kernels } = counting(fast);
  await fitHead(train, { ...shared, epochs: 1, kernels });
  const [input] = calls as [LearnInput];
  const wrong: [object, RegExp][] = [
    [{ visits: Int32Array.of(203) }, /learn.visits\[0\]/],
    [{ losses: new Float64Array(1) }, /losses has 1 entries/],
    [{ rows: { ...input.rows, label: input.rows.label.map(() => 5) } }, /learn.rows.label\[0\]/],
    [{ loss: { shift: new Float32Array(4) } }, /loss.shift has 4/],
    [
      { rule: { kind: 'adam', rate: 1, beta1: 0.9, beta2: 0.9, epsilon: 1e-8, weightDecay: 0, stepsBefore: 0 } },
      /rule adam/,
    ],
    [{ threads: 0 }, /learn.threads/],
  ];
  for (const [change, message] of wrong)
    await assert.rejects(async () => fast.learn?.({ ...input, ...change }), { message });
});

test('the kernel says in which step training diverged', async () => {
  const far = { ...shared, learningRate: 1e30, head: mlp } as const;
  await assert.rejects(fitHead(train, far), {
    code: 'ERR_DATA',
    message: /diverged in step \d+ of epoch 0.*learning rate 1e\+30/,
  });
});

test('the kernel stops when told to', async () => {
  const controller = new AbortController();
  const set = drawSet(6000, 200, 10);
  const running = fitHead(set, {
    epochs: 100_000,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await assert.rejects(running, { code: 'ERR_ABORTED' });
});
