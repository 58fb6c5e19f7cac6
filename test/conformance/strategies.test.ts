/** Every registered strategy: learns, repeats itself, tells what it did, obeys or refuses. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strategies, trainHead, type StrategyDefinition } from '../../src/strategy/index.js';
import { asTraining, brand, fromArrays } from '../../src/core/embedding-set.js';
import { loadKernels } from '../../src/kernels/index.js';
import { evaluateMultiLabel } from '../../src/metric/index.js';
import { heldOutClouds, labelledClouds, recalls, trainingClouds } from '../unit/train/toy.js';

const sets = {
  one: {
    train: trainingClouds([120, 40, 8], { distance: 3 }),
    held: heldOutClouds([60, 60, 60], { distance: 3, seed: 1 }),
    validation: heldOutClouds([20, 20, 20], { distance: 3, seed: 2 }),
  },
  many: {
    train: asTraining(labelledClouds(160, [0.6, 0.3, 0.1])),
    held: brand(labelledClouds(200, [0.5, 0.5, 0.5], { seed: 1 }), 'test'),
    validation: brand(labelledClouds(60, [0.5, 0.5, 0.5], { seed: 2 }), 'validation'),
  },
};
const registry = strategies as unknown as Readonly<Record<string, StrategyDefinition>>;

for (const [name, definition] of Object.entries(registry)) {
  const { targets = 'one' } = definition;
  const { train, held, validation } = sets[targets];
  const fit = (options: object = {}) =>
    trainHead(train, { strategy: name, ...(definition.needsValidation && { validation }), ...options });
  const bytes = async (options: object) => (await fit(options)).head.parameters.map(({ data }) => data);

  test(`${name}: learns three classes far better than chance`, async () => {
    const head = await fit();
    if (targets === 'many') {
      const { meanAveragePrecision } = await evaluateMultiLabel(head, held);
      assert.ok(meanAveragePrecision > 0.9, `mean average precision ${meanAveragePrecision}`);
    } else {
      const mean = recalls(head, held).reduce((a, b) => a + b, 0) / 3;
      assert.ok(mean > 0.7, `balanced accuracy ${mean}`);
    }
    assert.equal(head.name, name);
    assert.equal(definition.name, name);
  });

  test(`${name}: the same seed gives the same bytes`, async () => {
    assert.deepEqual(await bytes({ seed: 1, epochs: 3 }), await bytes({ seed: 1, epochs: 3 }));
    const [first, second] = [await bytes({ seed: 1, epochs: 3 }), await bytes({ seed: 2, epochs: 3 })];
    if (definition.deterministic) assert.deepEqual(first, second);
    else assert.notDeepEqual(first, second);
  });

  test(`${name}: threads change no byte, and backends agree`, async () => {
    const native = await bytes({ seed: 1, epochs: 3, threads: 1 });
    assert.deepEqual(await bytes({ seed: 1, epochs: 3, threads: 2 }), native);
    for (const backend of ['wasm', 'reference'] as const) {
      const other = await bytes({ seed: 1, epochs: 3, kernels: loadKernels({ backend }) });
      native.forEach((values, p) =>
        values.forEach((w, j) => assert.ok(Math.abs(w - (other[p]?.[j] as number)) < 1e-4 * Math.max(1, Math.abs(w)))),
      );
    }
  });

  test(`${name}: a class of one row is trained on, one of no rows too or refused by name`, async () => {
    const small =
      targets === 'many'
        ? asTraining(fromArrays({ data: Float32Array.of(0, 1, 2, 3), shape: [4, 1] }, [['a'], ['a', 'b'], [], ['a']]))
        : trainingClouds([20, 3, 1], { distance: 3 });
    const judged = definition.needsValidation && { validation };
    const head = await trainHead(small, { strategy: name, ...judged, epochs: 5 });
    assert.ok(head.logits(small.embeddings).every(Number.isFinite));
    if (targets === 'many') return;
    const gap = trainingClouds([20, 0, 3], { distance: 3 });
    const fitted = trainHead(gap, { strategy: name, ...judged, epochs: 5 });
    const outcome = await fitted.then(
      (trained) => trained.logits(gap.embeddings).every(Number.isFinite),
      (error: Error & { code?: string }) => error.code === 'ERR_DATA' && error.message.includes('class-1'),
    );
    assert.ok(outcome, String(await fitted.catch((error: Error) => error.message)));
  });

  test(`${name}: says on one line when to use it, and is refused where rows have another number of labels`, async () => {
    assert.match(definition.when, /^[^\n]{10,160}$/);
    assert.doesNotMatch(definition.when, /\.$/);
    const other = sets[targets === 'one' ? 'many' : 'one'];
    await assert.rejects(trainHead(other.train, { strategy: name }), {
      code: 'ERR_OPTION',
      message: new RegExp(`Strategy ${name} is for rows with .* Strategies for these: `),
    });
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
    const strategy = targets === 'many' ? 'binary-cross-entropy' : 'ce';
    const plain = (await trainHead(train, { strategy, epochs: 2, head: own['head'] as { name: string } })).settings;
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
