import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { asTraining, brand, fromArrays } from '../../../src/core/embedding-set.js';
import { createSampler } from '../../../src/sampler/index.js';
import { openStore, writeSet } from '../../../src/store/index.js';
import { balancedBatches, type BalancedBatch } from '../../../src/train/index.js';

const dir = mkdtempSync(join(tmpdir(), 'equipoise-batches-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** Row i is (i, i / 2); 30 of a, 12 of b, 5 of c, interleaved. */
const names = Array.from({ length: 47 }, (_, i) => (i % 9 === 4 && i < 45 ? 'c' : i % 3 === 0 && i < 36 ? 'b' : 'a'));
const set = fromArrays(
  { data: Float32Array.from({ length: 94 }, (_, i) => (i % 2 ? (i - 1) / 4 : i / 2)), shape: [47, 2] },
  names,
);
const train = asTraining(set);

async function all(batches: AsyncIterable<BalancedBatch>): Promise<BalancedBatch[]> {
  const made: BalancedBatch[] = [];
  for await (const batch of batches) made.push(batch);
  return made;
}

const rowsOf = (batches: BalancedBatch[]) =>
  batches.flatMap(({ embeddings }) => Array.from(embeddings.data).filter((_, i) => i % 2 === 0));

test('every class has an equal share of every batch, and there are as many batches as was said', async () => {
  const [most] = [Math.max(...set.classCounts)];
  const batches = balancedBatches(train, { batchSize: 9 });
  const made = await all(batches);
  assert.equal(made.length, Math.ceil((3 * most!) / 9));
  assert.equal(await batches.steps(), made.length);
  for (const [i, { index, labels, embeddings }] of made.entries()) {
    assert.equal(index, i);
    assert.deepEqual(embeddings.shape, [labels.length, 2]);
    for (const c of [0, 1, 2]) assert.equal(labels.filter((label) => label === c).length, labels.length / 3);
  }
});

test('every row is visited, the rows of the largest class once, and the order is shuffled', async () => {
  const made = await all(balancedBatches(train, { batchSize: 7 }));
  const visited = rowsOf(made);
  const labels = made.flatMap((batch) => [...batch.labels]);
  visited.forEach((row, i) => assert.equal(labels[i], set.labels[row]));
  assert.equal(new Set(visited).size, 47);
  const majority = visited.filter((row) => names[row] === 'a');
  assert.equal(new Set(majority).size, majority.length);
  assert.notDeepEqual(
    majority,
    [...majority].sort((a, b) => a - b),
  );
});

test('same seed and epoch, same batches; another of either, others', async () => {
  const rows = async (options: object) => rowsOf(await all(balancedBatches(train, { batchSize: 8, ...options })));
  const batches = balancedBatches(train, { batchSize: 8 });
  const first = rowsOf(await all(batches));
  assert.deepEqual(rowsOf(await all(batches)), first, 'iterating again');
  assert.deepEqual(await rows({}), first);
  assert.notDeepEqual(await rows({ seed: 1 }), first);
  assert.notDeepEqual(await rows({ epoch: 1 }), first);
});

test('a store gives the batches of the set, however little fits in memory', async () => {
  const store = await writeSet(join(dir, 'whole'), set, { shardRows: 10 });
  for (const name of ['random-over-sampling', 'eos', 'soft-smote', 'random-under-sampling']) {
    const sampler = createSampler(name, {});
    const wanted = await all(balancedBatches(train, { batchSize: 8, sampler }));
    for (const memoryBytes of [1, 300, 1e6]) {
      const opened = await openStore(join(dir, 'whole'));
      const found = await all(balancedBatches(opened, { batchSize: 8, split: null, memoryBytes, sampler }));
      assert.deepEqual(found, wanted, name);
    }
  }
  assert.equal(store.count, 47);
});

test('of a store with a split only training rows are visited', async () => {
  const store = await writeSet(join(dir, 'split'), set, { shardRows: 10 });
  const held = set.ids.filter((_, i) => i % 5 === 0);
  const parts = { train: set.ids.filter((id) => !held.includes(id)), test: held };
  await store.writeSplit('default', { parts });
  const visited = rowsOf(await all(balancedBatches(store, { split: 'default', batchSize: 16 })));
  assert.ok(visited.every((row) => row % 5 !== 0));
  assert.equal(new Set(visited).size, parts.train.length);
});

test('what may not be trained on is refused', async () => {
  const options = { split: null };
  const held = await writeSet(join(dir, 'held'), brand(set, 'test'));
  await assert.rejects(all(balancedBatches(held, options)), { code: 'ERR_DATA', message: /the test part/ });
  const resampled = await createSampler('smote').fitResample(train);
  const made = await writeSet(join(dir, 'resampled'), resampled, { from: train });
  await assert.rejects(all(balancedBatches(made, options)), { code: 'ERR_DATA', message: /resampled rows/ });
  const plain = await writeSet(join(dir, 'plain'), set);
  await assert.rejects(all(balancedBatches(plain)), { code: 'ERR_OPTION', message: /balancedBatches\.split/ });
  const noisy = createSampler('random-over-sampling', { shrinkage: 1 });
  await assert.rejects(all(balancedBatches(plain, { ...options, sampler: noisy })), {
    code: 'ERR_OPTION',
    message: /rows in memory for random-over-sampling/,
  });
  await assert.rejects(all(balancedBatches(set as never)), { code: 'ERR_DATA', message: /training set/ });
  assert.throws(() => balancedBatches(train, { batchsize: 3 } as never), {
    code: 'ERR_OPTION',
    message: /Did you mean batchSize/,
  });
});

test('batches of any sampler: recipes, extra rows and soft labels', async () => {
  const soft = await all(balancedBatches(train, { batchSize: 10, sampler: createSampler('soft-smote') }));
  const shares = soft.flatMap(({ labelWeights }) => [...labelWeights!]);
  // 30 + 12 + 5 rows as they are, and 18 + 25 mixed ones, whose steps are not 0.
  assert.deepEqual([shares.filter((share) => share === 1).length, shares.length], [47, 90]);
  const sampler = createSampler('random-over-sampling', { shrinkage: 0.1 });
  const noisy = await all(balancedBatches(train, { batchSize: 10, sampler }));
  const { embeddings } = await sampler.fitResample(train);
  const sorted = (values: number[]) => values.sort((a, b) => a - b);
  assert.deepEqual(sorted(rowsOf(noisy)), sorted(Array.from(embeddings.data).filter((_, i) => i % 2 === 0)));
});

test('batches stop when they are told to', async () => {
  await assert.rejects(all(balancedBatches(train, { signal: AbortSignal.abort() })), { code: 'ERR_ABORTED' });
});
