import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineStrategy, trainHead } from '../../../src/strategy/index.js';
import { trainingClouds } from '../train/toy.js';

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

test('a misspelt strategy is refused with a near name', async () => {
  await assert.rejects(trainHead(train, { strategy: 'esos' }), { code: 'ERR_OPTION', message: /Did you mean eos/ });
});
