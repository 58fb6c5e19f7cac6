/** Strategies of several trainings, and those that rework a trained head. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTraining, fromArrays, selectRows } from '../../../src/core/embedding-set.js';
import { createHead, shiftLogits } from '../../../src/head/index.js';
import { groupNumbers } from '../../../src/strategy/cmw-net.js';
import { trainHead } from '../../../src/strategy/index.js';
import { normalizeWeights } from '../../../src/strategy/tau-norm.js';
import { clouds, heldOutClouds, recalls, trainingClouds } from '../train/toy.js';

const train = trainingClouds([60, 20, 6]);
const parameter = (trained: Awaited<ReturnType<typeof trainHead>>, name: string) =>
  trained.head.parameters.find((p) => p.name === name)?.data;
const before = (trained: Awaited<ReturnType<typeof trainHead>>) =>
  trained.settings['stagesBefore'] as Record<string, unknown>[];

test('crt keeps what the first stage learnt below, and learns the classifier anew from balanced batches', async () => {
  const head = { name: 'mlp', hidden: [8] };
  const trained = await trainHead(train, { strategy: 'crt', head, epochs: 3 });
  const first = await trainHead(train, { head, epochs: 3 });
  assert.deepEqual(parameter(trained, 'hidden0.weight'), parameter(first, 'hidden0.weight'));
  assert.notDeepEqual(parameter(trained, 'output.weight'), parameter(first, 'output.weight'));
  assert.deepEqual(trained.settings['trainable'], ['output.weight', 'output.bias']);
  assert.deepEqual(trained.settings['batchSampler'], { name: 'class-balanced' });
  assert.equal(before(trained)[0]?.['stage'], 'representation');
});

test('crt of a linear head is one training from class-balanced batches', async () => {
  const trained = await trainHead(train, { strategy: 'crt', epochs: 3 });
  const plain = await trainHead(train, { batchSampler: 'class-balanced', epochs: 3 });
  assert.deepEqual(parameter(trained, 'weight'), parameter(plain, 'weight'));
});

test('lws leaves the directions of the class weights, and raises the mean recall', async () => {
  const near = trainingClouds([300, 60, 8], { distance: 1.5 });
  const held = heldOutClouds([80, 80, 80], { distance: 1.5, seed: 1 });
  const trained = await trainHead(near, { strategy: 'lws', epochs: 20 });
  const first = await trainHead(near, { head: 'scaled-linear', trainable: ['weight', 'bias'], epochs: 20 });
  assert.deepEqual(parameter(trained, 'weight'), parameter(first, 'weight'));
  assert.notDeepEqual(parameter(trained, 'scale'), parameter(first, 'scale'));
  const mean = (head: typeof trained) => recalls(head, held).reduce((a, b) => a + b, 0) / 3;
  assert.ok(mean(trained) > mean(first), `${mean(trained)}, ${mean(first)}`);
});

test('weights are divided by a power of their length', () => {
  const head = createHead('linear', { inputDim: 2, classes: 2 });
  head.parameters[0]?.data.set([3, 4, 0.6, 0.8]);
  normalizeWeights({ head }, 0.5);
  // (3, 4) has length 5: 3/√5 = 1.3416, 4/√5 = 1.7889. (0.6, 0.8) has length 1.
  [1.3416, 1.7889, 0.6, 0.8].forEach((wanted, j) =>
    assert.ok(Math.abs((head.parameters[0]?.data[j] as number) - wanted) < 1e-4),
  );
  assert.deepEqual(Array.from(head.parameters[1]?.data ?? []), [0, 0]);
  assert.throws(() => normalizeWeights({ head: createHead('nearest-mean', { inputDim: 2, classes: 2 }) }, 1), {
    code: 'ERR_OPTION',
    message: /tau-norm/,
  });
});

test('tau-norm takes the power that is best on the validation rows, and says which', async () => {
  const validation = heldOutClouds([30, 30, 30], { seed: 2 });
  const chosen = await trainHead(train, { strategy: 'tau-norm', validation });
  const { tau, chosenBy, validation: score } = chosen.settings['finish'] as Record<string, unknown>;
  assert.equal(chosenBy, 'validation');
  for (const other of [0, 1, 2]) {
    const fixed = await trainHead(train, { strategy: 'tau-norm', strategyOptions: { normPower: other }, validation });
    const mean = recalls(fixed, validation).reduce((a, b) => a + b, 0) / 3;
    assert.ok(
      mean <= (score as { balancedAccuracy: number }).balancedAccuracy + 1e-9,
      `tau ${other} beats ${String(tau)}`,
    );
  }
  const without = await trainHead(train, { strategy: 'tau-norm' });
  assert.deepEqual(without.settings['finish'], { tau: 1, chosenBy: 'default: no validation rows' });
});

test('a shift a class is added to the logits', () => {
  const head = createHead('linear', { inputDim: 1, classes: 2 });
  head.parameters[0]?.data.set([1, 2]);
  head.parameters[1]?.data.set([0, 1]);
  shiftLogits(head, [10, -1], 'logit adjustment');
  const logits = new Float32Array(2);
  head.forward(Float32Array.of(3), 1, logits);
  // 3 + 0 + 10, 6 + 1 − 1
  assert.deepEqual([...logits], [13, 6]);
  const cosine = createHead('cosine', { inputDim: 1, classes: 2 });
  assert.throws(() => shiftLogits(cosine, [0, 0], 'logit adjustment'), { code: 'ERR_OPTION', message: /has none/ });
});

test('ncm puts every class at the mean of its transformed rows', async () => {
  // Mean of all rows (2, 1). Less it, at length 1: (1, 0) → (−1, −1)/√2; (3, 0) → (1, −1)/√2; (2, 3) → (0, 1).
  const rows = { data: Float32Array.of(1, 0, 3, 0, 2, 3), shape: [3, 2] };
  const set = asTraining(fromArrays(rows, [0, 0, 1]));
  const centred = await trainHead(set, { strategy: 'ncm' });
  [0, -Math.SQRT1_2, 0, 1].forEach((wanted, j) =>
    assert.ok(Math.abs((parameter(centred, 'means')?.[j] as number) - wanted) < 1e-6),
  );
  assert.deepEqual(Array.from(centred.scaler?.mean ?? []), [2, 1]);
  const plain = await trainHead(set, { strategy: 'ncm', strategyOptions: { transform: 'none' } });
  assert.deepEqual(Array.from(parameter(plain, 'means') ?? []), [2, 0, 2, 3]);
  // 2 x·m − ‖m‖²: at (2, 1) it is 2 · 4 − 4 = 4 and 2 · (4 + 3) − 13 = 1, that is −1 and −4 less −‖x‖² = −5.
  assert.deepEqual([...plain.logits({ data: Float32Array.of(2, 1), shape: [1, 2] })], [4, 1]);
  assert.equal(plain.settings['epochs'], 0);
});

test('eos can train as in the paper, and from a head that knows the rows', async () => {
  const options = { training: 'paper', warmStart: true };
  const trained = await trainHead(train, { strategy: 'eos', strategyOptions: options });
  assert.equal(trained.history.length, 10);
  assert.deepEqual(
    trained.history.slice(0, 6).map(({ learningRate }) => Number(learningRate.toFixed(4))),
    [0.02, 0.04, 0.06, 0.08, 0.1, 0.1],
  );
  assert.equal(trained.settings['resampledRows'], 180);
  assert.equal(trained.settings['warmStart'], true);
  assert.equal(before(trained)[0]?.['resampledRows'], 86);
});

/** The clouds, each row followed by a copy of it that counts as augmented, for the classes asked for. */
function withAugmented(counts: number[], classes: number[]) {
  const originals = clouds(counts);
  const copied = [...originals.labels.keys()].filter((row) => classes.includes(originals.labels[row] as number));
  const both = selectRows(originals, [...originals.labels.keys(), ...copied]);
  return asTraining(
    fromArrays(both.embeddings, both.labels, {
      classNames: both.classNames,
      ids: both.ids.map((id, i) => (i < originals.ids.length ? id : `${id}/copy`)),
      parents: both.ids.map((id, i) => (i < originals.ids.length ? null : id)),
    }),
  );
}

test('pre-finetuning learns from augmented rows first, then from the originals at a tenth of the rate', async () => {
  const weights = new Float32Array(172).fill(1);
  const trained = await trainHead(withAugmented([60, 20, 6], [0, 1, 2]), {
    strategy: 'pre-finetuning',
    epochs: 2,
    sampleWeights: weights,
  });
  const [first] = before(trained);
  assert.equal(first?.['stage'], 'augmented rows of the store');
  assert.equal(first?.['rows'], 86);
  assert.deepEqual(first?.['batchSampler'], { name: 'class-balanced' });
  assert.equal(trained.settings['rows'], 86);
  assert.equal(trained.settings['warmStart'], true);
  const share = (trained.settings['learningRate'] as number) / (first?.['learningRate'] as number);
  assert.ok(Math.abs(share - 0.1) < 0.01, `${share}`);
});

test('pre-finetuning makes rows in embedding space where a store has none, or not for all classes, and says so', async () => {
  const none = before(await trainHead(train, { strategy: 'pre-finetuning', epochs: 1 }))[0];
  assert.match(none?.['stage'] as string, /embedding space by smote: the store has no/);
  assert.equal(none?.['resampledRows'], 180);
  const some = before(
    await trainHead(withAugmented([60, 20, 6], [0, 1]), { strategy: 'pre-finetuning', epochs: 1 }),
  )[0];
  assert.match(some?.['stage'] as string, /not every class/);
  assert.equal(some?.['rows'], 86);
});

test('classes are grouped by their counts where the gaps are widest', () => {
  // {1, 2, 3}: squares about 2 add up to 2; {40, 50}: 50; {900}: 0. Any other cut into three costs more.
  assert.deepEqual([...groupNumbers([900, 2, 50, 1, 40, 3], 3)], [2, 0, 1, 0, 1, 0]);
  assert.deepEqual([...groupNumbers([7, 7, 7], 3)], [0, 0, 0]);
  assert.deepEqual([...groupNumbers([5, 9], 3)], [0, 1]);
});
