/** Rows on disk give what the same rows in memory give, to the byte, however little of them fits in memory at a time. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { auditLeaks, findDuplicates } from '../../../src/audit/index.js';
import { asTraining, fromArrays, type EmbeddingSet } from '../../../src/core/embedding-set.js';
import { matrix } from '../../../src/core/matrix.js';
import { calibrate } from '../../../src/decision/index.js';
import { materialize, nearest, planRows } from '../../../src/kernels/index.js';
import { evaluate, evaluateMultiLabel } from '../../../src/metric/index.js';
import { createSampler, pipeline, samplers, type Sampler } from '../../../src/sampler/index.js';
import { openStore, writeSet, type EmbeddingStore } from '../../../src/store/index.js';
import { trainHead, type TrainHeadOptions } from '../../../src/strategy/index.js';
import { clouds, labelledClouds } from '../train/toy.js';

const dir = mkdtempSync(join(tmpdir(), 'equipoise-on-disk-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const dim = 6;
/** Rows that fit in memory at a time; there are 2,600. */
const fitting = 700;
const memoryBytes = fitting * dim * 4;

/** Some rows are copies of others, and neighbours tie. */
function rowsToStore(): EmbeddingSet {
  const set = clouds([1500, 700, 300, 100], { dim, distance: 1 });
  const data = set.embeddings.data.map((value) => Math.round(value * 8) / 8);
  data.copyWithin(1002 * dim, 10 * dim, 20 * dim);
  data.copyWithin(2400 * dim, 5 * dim, 6 * dim);
  return { ...set, embeddings: matrix(data, 2600, dim) };
}

const where = {
  train: { split: 'default', part: 'train' },
  validation: { split: 'default', part: 'validation' },
  test: { split: 'default', part: 'test' },
} as const;

let store: EmbeddingStore;
before(async () => {
  const set = rowsToStore();
  store = await writeSet(join(dir, 'store'), set, { shardRows: 700 });
  const part = (i: number) => (i % 5 === 0 ? 'test' : i % 5 === 1 ? 'validation' : 'train');
  await store.writeSplit('default', { parts: new Map(set.ids.map((id, i) => [id, part(i)] as const)) });
});

const both = async (part: keyof typeof where) => ({
  memory: await store.read(where[part] as { split: string; part: 'train' }),
  disk: await store.onDisk({ ...(where[part] as { split: string; part: 'train' }), memoryBytes }),
});

test('a set on disk says of its rows what one in memory says, and gathers them in any order', async () => {
  const { memory, disk } = await both('train');
  const { embeddings, ...known } = memory;
  const { rows, ...alike } = disk;
  assert.deepEqual(alike, known);
  assert.deepEqual([rows.count, rows.cols, rows.memoryBytes], [embeddings.shape[0], dim, memoryBytes]);
  const ids = Int32Array.of(1559, 3, 3, 700, 0, 1, 2, 1558);
  const out = new Float32Array(ids.length * dim);
  await rows.gather(ids, out);
  ids.forEach((id, i) =>
    assert.deepEqual(out.subarray(i * dim, (i + 1) * dim), embeddings.data.subarray(id * dim, (id + 1) * dim)),
  );
});

test('float16 shards, unlabelled rows and parents read alike', async () => {
  const set = fromArrays(
    matrix(
      Float32Array.from({ length: 40 }, (_, i) => i / 4),
      20,
      2,
    ),
    Array.from({ length: 20 }, (_, i) => (i % 2 ? 'a' : 'b')),
    { parents: Array.from({ length: 20 }, (_, i) => (i === 7 ? '3' : null)), weights: new Float32Array(20).fill(2) },
  );
  const half = await writeSet(join(dir, 'half'), set, { dtype: 'float16', shardRows: 6 });
  await half.updateRows(new Map([['4', { label: null }]]));
  const { embeddings, ...known } = await half.read();
  const { rows, ...alike } = await half.onDisk();
  assert.deepEqual(alike, known);
  const out = new Float32Array(19 * 2);
  await rows.gather(
    Int32Array.from({ length: 19 }, (_, i) => i),
    out,
  );
  assert.deepEqual(out, embeddings.data);
});

test('nearest rows are the same for any windows, ties and self included', async () => {
  const { memory, disk } = await both('train');
  for (const among of ['all', 'same-class', 'enemies'] as const)
    for (const queries of [undefined, Int32Array.of(1500, 0, 7, 700, 7)])
      for (const within of [undefined, { start: 100, end: 1111 }]) {
        const options = { k: 7, among, ...(queries && { queries }), ...(within && { within }) };
        assert.deepEqual(
          await nearest(disk.rows, disk.labels, options),
          await nearest(memory.embeddings, memory.labels, options),
          `${among}, ${queries ? 'some' : 'all'} queries, ${within ? 'some' : 'all'} candidates`,
        );
      }
  await assert.rejects(nearest(disk.rows, null, { k: 1, queries: [1560] }), { code: 'ERR_OPTION' });
});

test('samplers plan the same rows, or say that they need all of them at once', async () => {
  const few = await writeSet(join(dir, 'few'), clouds([120, 60, 20], { dim, distance: 1 }), { shardRows: 100 });
  const memory = asTraining(await few.read());
  const disk = asTraining(await few.onDisk({ memoryBytes: 90 * dim * 4 }));
  const refused: string[] = [];
  for (const name of Object.keys(samplers)) {
    const wanted = await createSampler(name, {})
      .plan(memory)
      .catch(() => undefined);
    if (!wanted) continue;
    try {
      assert.deepEqual(await createSampler(name, {}).plan(disk), wanted, name);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_OPTION') throw error;
      assert.match(
        (error as Error).message,
        new RegExp(`rows in memory for (${name}|a pipeline).*received rows on disk`),
      );
      refused.push(name);
    }
  }
  for (const name of ['eos', 'smote', 'random-over-sampling', 'adasyn', 'tomek-links', 'random-under-sampling'])
    assert.ok(!refused.includes(name), name);
  assert.ok(refused.includes('cluster-centroids'));
});

test('a pipeline plans on disk until a later stage looks at rows that are yet to be made', async () => {
  const { memory, disk } = await both('train');
  const labelsLater = pipeline([samplers.smote({ samplingStrategy: 'minority' }), samplers['random-under-sampling']()]);
  assert.deepEqual(await labelsLater.plan(disk), await labelsLater.plan(memory));
  await assert.rejects(pipeline([samplers.smote(), samplers['tomek-links']()]).plan(disk), {
    code: 'ERR_OPTION',
    message: /rows in memory for a pipeline/,
  });
});

test('the rows of a plan are made window by window, and a resampled store has the same files', async () => {
  const { memory, disk } = await both('train');
  const plan = await createSampler('smote', { kNeighbors: 3 }).plan(disk);
  const made = planRows(disk, plan);
  const whole = materialize(memory, plan);
  assert.deepEqual(await made.window(0, made.rows), whole);
  assert.deepEqual((await made.window(1500, 1700)).data, whole.data.subarray(1500 * dim, 1700 * dim));
  const written = await writeSet(join(dir, 'from-disk'), { plan, embeddings: made }, { from: disk, shardRows: 500 });
  const wanted = await writeSet(
    join(dir, 'from-memory'),
    { plan, embeddings: planRows(memory, plan) },
    { from: memory, shardRows: 500 },
  );
  assert.deepEqual(written.manifest, wanted.manifest);
});

/** The numbers of a head and all that is said of its training. */
const said = ({ head, settings, history, scaler }: Awaited<ReturnType<typeof trainHead>>) => ({
  parameters: head.parameters.map(({ data }) => data),
  settings,
  history,
  scaler,
});

/** SMOTE, and one row that lies where no recipe leads. */
const withOneMore: Sampler = {
  ...samplers.smote(),
  async plan(train, context) {
    const plan = await samplers.smote().plan(train, context);
    const embeddings = matrix(new Float32Array(dim).fill(9), 1, dim);
    return { ...plan, extra: { embeddings, labels: Int32Array.of(3), parents: [Int32Array.of(0)] } };
  },
};

const trainings: Readonly<Record<string, TrainHeadOptions>> = {
  'plain cross-entropy': { strategy: 'ce' },
  eos: { strategy: 'eos' },
  'smote, standardised': { strategy: 'smote', standardize: true },
  'deferred reweighting': { strategy: 'ldam-drw' },
  mixup: { strategy: 'mixup' },
  'neighbours as partners': { mix: 'mixup', pairing: 'nearest' },
  'a head with layers, in stages': { strategy: 'crt', head: { name: 'mlp', hidden: [8] } },
  'fresh draws, accumulated': { sampler: 'smote', freshDraws: true, accumulate: 3 },
  'rows that no recipe makes': { sampler: withOneMore, epochLength: 'resampled' },
  'adamw without the kernel': { head: 'cosine', optimizer: 'adamw' },
  'adamw with the kernel': { optimizer: 'adamw' },
  lbfgs: { optimizer: 'lbfgs' },
  'lbfgs of any head': { optimizer: 'lbfgs', head: 'cosine' },
};

for (const [name, options] of Object.entries(trainings))
  test(`training reads the same batches: ${name}`, async () => {
    const { memory, disk } = await both('train');
    const held = await both('validation');
    const shared = { epochs: 3, seed: 1, ...(options.optimizer !== 'lbfgs' && { batchSize: 64 }), ...options };
    const wanted = await trainHead(memory, { ...shared, validation: held.memory });
    const found = await trainHead(disk, { ...shared, validation: held.disk });
    assert.deepEqual(said(found), said(wanted));
  });

test('a batch of more rows than fit is read all the same', async () => {
  const { memory, disk } = await both('train');
  const options = { epochs: 2, batchSize: 1000 };
  assert.deepEqual(said(await trainHead(disk, options)), said(await trainHead(memory, options)));
});

test('training that looks at all rows at once says so', async () => {
  const { disk } = await both('train');
  for (const strategy of ['ncm', 'm2m'])
    await assert.rejects(trainHead(disk, { strategy, epochs: 1 }), {
      code: 'ERR_OPTION',
      message: /rows in memory for .* but received rows on disk/,
    });
});

test('rows with any number of labels train and are judged alike', async () => {
  const set = labelledClouds(1500, [0.4, 0.2, 0.05]);
  const many = await writeSet(join(dir, 'many'), set, { shardRows: 200 });
  const { memory, disk } = { memory: await many.read(), disk: await many.onDisk({ memoryBytes: 100 * 3 * 4 }) };
  const options = { epochs: 2, strategy: 'binary-cross-entropy' };
  const wanted = await trainHead(asTraining(memory), options);
  const found = await trainHead(asTraining(disk), options);
  assert.deepEqual(said(found), said(wanted));
  assert.deepEqual(await evaluateMultiLabel(found, disk), await evaluateMultiLabel(wanted, memory));
});

test('judging, calibrating and deciding come to the same', async () => {
  const { memory, disk } = await both('validation');
  const head = await trainHead((await both('train')).memory, { epochs: 3 });
  assert.deepEqual(await evaluate(head, disk), await evaluate(head, memory));
  const options = { calibration: 'temperature', decision: 'macro-f1' };
  const sure = await calibrate(head, disk, options);
  assert.deepEqual(sure.decision, calibrate(head, memory, options).decision);
  assert.deepEqual(
    (await trainHead((await both('train')).disk, { epochs: 3, validation: disk, ...options })).decision,
    (await trainHead((await both('train')).memory, { epochs: 3, validation: memory, ...options })).decision,
  );
});

test('duplicates and leaks are the same, with some parts in memory, too', async () => {
  const all = await store.read();
  assert.deepEqual(await findDuplicates(await store.onDisk({ memoryBytes })), findDuplicates(all));
  assert.equal(findDuplicates(all).length >= 11, true);
  const [train, test] = [await both('train'), await both('test')];
  const options = { nearThreshold: 0.15 };
  const wanted = await auditLeaks({ train: train.memory, test: test.memory }, options);
  assert.equal(wanted.duplicates.length > 0 && (wanted.nearDuplicates?.length ?? 0) > 0, true);
  assert.deepEqual(await auditLeaks({ train: train.disk, test: test.disk }, options), wanted);
  assert.deepEqual(await auditLeaks({ train: train.memory, test: test.disk }, options), wanted);
});

test('bad options, damaged shards and files cut short later are told', async () => {
  await assert.rejects(store.onDisk({ memoryBytes: 0 }), { code: 'ERR_OPTION', message: /onDisk\.memoryBytes/ });
  await assert.rejects(store.onDisk({ window: 5 } as object), { code: 'ERR_OPTION', message: /onDisk\.window/ });
  const short = await writeSet(join(dir, 'short'), rowsToStore(), { shardRows: 1000 });
  const { rows } = await short.onDisk();
  truncateSync(join(dir, 'short', 'shard-00001.arrow'), 4000);
  await assert.rejects(rows.gather(Int32Array.of(1999), new Float32Array(dim)), {
    code: 'ERR_INTEGRITY',
    message: /shard-00001\.arrow/,
  });
  await assert.rejects((await openStore(join(dir, 'short'))).onDisk(), { code: 'ERR_INTEGRITY' });
});
