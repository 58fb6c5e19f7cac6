import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineStrategy, trainHead } from '../../../src/strategy/index.js';
import type { EvaluateLoss, LossBatch } from '../../../src/loss/index.js';
import { heldOutClouds, trainingClouds } from '../train/toy.js';

const train = trainingClouds([40, 10]);

test('options of the sampler reach it through the strategy', async () => {
  const head = await trainHead(train, { strategy: 'eos', strategyOptions: { kNeighbors: 3 }, epochs: 1, seed: 9 });
  assert.equal(head.plan?.options['kNeighbors'], 3);
  assert.equal(head.plan?.options['seed'], 9);
});

test('without a strategy the parts are those given', async () => {
  const head = await trainHead(train, { sampler: 'smote', loss: 'focal', head: 'cosine', epochs: 1 });
  assert.equal(head.name, 'cosine');
  assert.equal((head.settings['loss'] as { name: string }).name, 'focal');
  await assert.rejects(trainHead(train, { strategyOptions: {} }), { code: 'ERR_OPTION' });
});

test("a caller's own strategy, loss and batch sampler take part", async () => {
  const calls = { loss: 0, order: 0 };
  const own = defineStrategy({
    name: 'own',
    summary: 'a loss that pulls nowhere, over the first row only',
    when: 'never',
    options: {},
    recipe: () => ({
      loss: {
        name: 'nothing',
        options: {},
        evaluate(_, gradient) {
          calls.loss++;
          gradient.fill(0);
          return 0;
        },
      },
      batchSampler: {
        name: 'first',
        summary: 'the first row',
        options: {},
        create: () => (out) => {
          calls.order++;
          out.fill(0);
        },
      },
    }),
  });
  const head = await trainHead(train, { strategy: own, epochs: 2, batchSize: 50 });
  // 50 rows are one step an epoch.
  assert.deepEqual(calls, { loss: 2, order: 2 });
  assert.equal(head.name, 'own');
});

test('a solver of the whole set takes the strategies that visit every row alike, and refuses the others', async () => {
  const head = await trainHead(train, { strategy: 'class-weights', optimizer: 'lbfgs' });
  assert.equal((head.settings['optimizer'] as { name: string }).name, 'lbfgs');
  await assert.rejects(trainHead(train, { strategy: 'drs', optimizer: 'lbfgs' }), {
    code: 'ERR_OPTION',
    message: /batchSampler .* lbfgs/,
  });
});

test('a misspelt strategy is refused with a near name', async () => {
  await assert.rejects(trainHead(train, { strategy: 'esos' }), { code: 'ERR_OPTION', message: /Did you mean eos/ });
});

test('deferred re-weighting is plain cross-entropy until its epoch, and not from then on', async () => {
  // 0.8 of 10: epochs 0 to 7 are alike, 8 is not.
  const losses = async (strategy: string) =>
    (await trainHead(train, { strategy, epochs: 10 })).history.map(({ loss }) => loss);
  const [plain, deferred] = [await losses('ce'), await losses('drw')];
  assert.deepEqual(deferred.slice(0, 8), plain.slice(0, 8));
  assert.notEqual(deferred[8], plain[8]);
});

test('LDAM asks for a head of cosines', async () => {
  await assert.rejects(trainHead(train, { loss: 'ldam' }), { code: 'ERR_OPTION', message: /head 'cosine'/ });
  await trainHead(train, { loss: 'ldam', head: 'cosine', epochs: 1 });
});

test('a loss is told the scale of the cosines, the norms of the rows, the recalls and the step', async () => {
  const seen: LossBatch[] = [];
  const loss = {
    name: 'looks',
    options: {},
    needs: ['rowNorms', 'recalls', 'cosineScale'] as const,
    evaluate(batch: LossBatch, gradient: Float32Array) {
      seen.push({ ...batch, recalls: batch.recalls?.slice() as Float64Array });
      gradient.fill(0);
      return 0;
    },
  };
  const validation = heldOutClouds([20, 20], { seed: 1 });
  const head = { name: 'cosine', scale: 7 };
  await trainHead(train, { loss, head, validation, epochs: 2, batchSize: 50 });
  const [first, second] = seen as [LossBatch, LossBatch];
  assert.deepEqual([first.step, second.step, first.epochs, second.epoch], [0, 1, 2, 1]);
  assert.equal(first.cosineScale, 7);
  // Before the first epoch nothing is known; a head that never moves keeps what it got then.
  assert.deepEqual([...(first.recalls ?? [])], [0, 0]);
  assert.ok((second.recalls ?? []).some((recall) => recall > 0));
  // One step an epoch visits all rows: their norms are those of the set.
  const { data } = train.embeddings;
  const whole = data.reduce((sum, value) => sum + Math.abs(value), 0);
  assert.ok(Math.abs((first.rowNorms as Float32Array).reduce((a, b) => a + b, 0) - whole) < 1e-3 * whole);
});

test('a loss may be a function', async () => {
  const cube: EvaluateLoss = ({ logits }, gradient) => {
    logits.forEach((z, j) => (gradient[j] = 3 * z * z));
    return logits.reduce((sum, z) => sum + z ** 3, 0);
  };
  const head = await trainHead(train, { loss: cube, epochs: 1, learningRate: 1e-6 });
  assert.deepEqual(head.settings['loss'], { name: 'cube' });
});
