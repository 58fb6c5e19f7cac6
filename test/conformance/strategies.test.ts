/** Every registered strategy: learns, repeats itself, tells what it did, obeys or refuses. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strategies, trainHead, type StrategyDefinition } from '../../src/strategy/index.js';
import { heldOutClouds, recalls, trainingClouds } from '../unit/train/toy.js';

const train = trainingClouds([120, 40, 8], { distance: 3 });
const held = heldOutClouds([60, 60, 60], { distance: 3, seed: 1 });
const validation = heldOutClouds([20, 20, 20], { distance: 3, seed: 2 });
const registry = strategies as unknown as Readonly<Record<string, StrategyDefinition>>;

for (const [name, definition] of Object.entries(registry)) {
  const fit = (options: object = {}) =>
    trainHead(train, { strategy: name, ...(definition.needsValidation && { validation }), ...options });
  const bytes = async (options: object) => (await fit(options)).head.parameters.map(({ data }) => data);

  test(`${name}: learns three classes far better than chance`, async () => {
    const head = await fit();
    const mean = recalls(head, held).reduce((a, b) => a + b, 0) / 3;
    assert.ok(mean > 0.7, `balanced accuracy ${mean}`);
    assert.equal(head.name, name);
    assert.equal(definition.name, name);
  });

  test(`${name}: the same seed gives the same bytes`, async () => {
    assert.deepEqual(await bytes({ seed: 1, epochs: 3 }), await bytes({ seed: 1, epochs: 3 }));
    const [first, second] = [await bytes({ seed: 1, epochs: 3 }), await bytes({ seed: 2, epochs: 3 })];
    if (definition.deterministic) assert.deepEqual(first, second);
    else assert.notDeepEqual(first, second);
  });

  test(`${name}: settings are JSON and name the strategy with all its options`, async () => {
    const { settings } = await fit({ epochs: 1 });
    assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings);
    assert.equal(settings['strategy'], name);
    assert.deepEqual(Object.keys(settings['strategyOptions'] as object), Object.keys(definition.options));
  });

  test(`${name}: takes as many steps as plain cross-entropy, or says why not`, async () => {
    if (definition.ownSteps !== undefined) return;
    const own = (await fit({ epochs: 2 })).settings;
    const plain = (await trainHead(train, { strategy: 'ce', epochs: 2, head: own['head'] as { name: string } }))
      .settings;
    for (const setting of ['epochs', 'batchSize', 'epochLength', 'learningRate', 'schedule', 'optimizer'])
      assert.deepEqual(own[setting], plain[setting], setting);
  });

  test(`${name}: unknown options, and parts that are its own, are refused`, async () => {
    await assert.rejects(fit({ strategyOptions: { nothing: 1 } }), { code: 'ERR_OPTION' });
    await assert.rejects(fit({ loss: 'focal' }), { code: 'ERR_OPTION', message: /chooses its own loss/ });
  });

  if (definition.aliasOf !== undefined)
    test(`${name}: is what it is another name of`, async () => {
      const target = registry[definition.aliasOf as string] as StrategyDefinition;
      assert.deepEqual(await bytes({ epochs: 3 }), await bytes({ epochs: 3, strategy: target.name }));
      assert.equal(definition.options, target.options);
    });

  if (definition.needsValidation)
    test(`${name}: is refused without validation rows`, async () => {
      await assert.rejects(trainHead(train, { strategy: name }), { code: 'ERR_OPTION', message: /validation/ });
    });
}
