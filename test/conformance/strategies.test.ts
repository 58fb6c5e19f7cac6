/** Every registered strategy: learns, repeats itself, tells what it did, obeys or refuses. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strategies, trainHead, type StrategyDefinition } from '../../src/strategy/index.js';
import { heldOutClouds, recalls, trainingClouds } from '../unit/train/toy.js';

const train = trainingClouds([120, 40, 8], { distance: 3 });
const held = heldOutClouds([60, 60, 60], { distance: 3, seed: 1 });

for (const [name, definition] of Object.entries(strategies) as [string, StrategyDefinition][]) {
  test(`${name}: learns three classes far better than chance`, async () => {
    const head = await trainHead(train, { strategy: name });
    const mean = recalls(head, held).reduce((a, b) => a + b, 0) / 3;
    assert.ok(mean > 0.7, `balanced accuracy ${mean}`);
    assert.equal(head.name, name);
    assert.equal(definition.name, name);
  });

  test(`${name}: the same seed gives the same bytes`, async () => {
    const fit = async (seed: number) =>
      (await trainHead(train, { strategy: name, seed, epochs: 3 })).head.parameters.map(({ data }) => data);
    assert.deepEqual(await fit(1), await fit(1));
    const [first, second] = [await fit(1), await fit(2)];
    if (definition.deterministic) assert.deepEqual(first, second);
    else assert.notDeepEqual(first, second);
  });

  test(`${name}: settings are JSON and name the strategy with all its options`, async () => {
    const { settings } = await trainHead(train, { strategy: name, epochs: 1 });
    assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings);
    assert.equal(settings['strategy'], name);
    assert.deepEqual(Object.keys(settings['strategyOptions'] as object), Object.keys(definition.options));
  });

  test(`${name}: takes as many steps as plain cross-entropy, or says why not`, async () => {
    if (definition.ownSteps !== undefined) return;
    const of = async (strategy: string) => (await trainHead(train, { strategy, epochs: 2 })).settings;
    const [own, plain] = [await of(name), await of('ce')];
    for (const setting of ['epochs', 'batchSize', 'epochLength', 'learningRate', 'schedule', 'optimizer'])
      assert.deepEqual(own[setting], plain[setting], setting);
  });

  test(`${name}: unknown options, and parts that are its own, are refused`, async () => {
    await assert.rejects(trainHead(train, { strategy: name, strategyOptions: { nothing: 1 } }), { code: 'ERR_OPTION' });
    await assert.rejects(trainHead(train, { strategy: name, loss: 'focal' }), {
      code: 'ERR_OPTION',
      message: /chooses its own loss/,
    });
  });
}
