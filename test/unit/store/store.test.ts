import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { asTraining, brand, fromArrays, isResampled, partOf } from '../../../src/core/embedding-set.js';
import { matrix } from '../../../src/core/matrix.js';
import type { ResamplingPlan } from '../../../src/core/plan.js';
import { materialize, planRows } from '../../../src/kernels/index.js';
import { createSampler } from '../../../src/sampler/index.js';
import {
  createStore,
  openStore,
  writeSet,
  writeStore,
  type CreateStoreOptions,
  type EmbeddingStore,
} from '../../../src/store/index.js';
import { itemId, sampleOptions, sampleRows, shardContent, vectors, writeShards } from './sample-store.js';

let root: string;
let made = 0;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'equipoise-store-'));
});
after(() => rm(root, { recursive: true }));

const freshDir = (): string => join(root, `store-${made++}`);

async function sampleStore(more: Partial<CreateStoreOptions> = {}, dir = freshDir()): Promise<EmbeddingStore> {
  const writer = await createStore(dir, sampleOptions(more));
  await writeShards(writer);
  return writer.finish({ rows: sampleRows() });
}

async function filesOf(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = names.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(dir.length + 1), (await readFile(path)).toString('base64')] as const;
  });
  return Object.fromEntries((await Promise.all(files)).sort());
}

test('rows come back in order with the labels, ids and numbers that went in', async () => {
  const store = await sampleStore();
  const set = await store.read();
  assert.deepEqual(set.embeddings.data, vectors(0, 10).data);
  assert.deepEqual([...set.labels], [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
  assert.deepEqual(
    set.ids,
    sampleRows().map((row) => row.id),
  );
  assert.deepEqual([store.count, store.dim, store.modality], [10, 3, 'image']);
  assert.deepEqual(await store.rows(), sampleRows());
  assert.deepEqual(await store.verify(), {
    shards: 3,
    rows: 10,
    bytes: store.manifest.shards.reduce((sum, shard) => sum + shard.bytes, 0),
  });
});

test('the same input gives the same bytes, whatever the order of the shards', async () => {
  const first = await sampleStore();
  const writer = await createStore(freshDir(), sampleOptions());
  await Promise.all([2, 0, 1].map((i) => writer.writeShard(i, shardContent(i * 4, Math.min(10, i * 4 + 4)))));
  const second = await writer.finish({ rows: sampleRows().reverse() });
  await first.writeSplit('a', { seed: 1, parts: { test: [itemId(3)], train: [itemId(1)] } });
  await second.writeSplit('a', { seed: 1, parts: { train: [itemId(1)], test: [itemId(3)] } });
  assert.deepEqual(await filesOf(first.dir), await filesOf(second.dir));
});

test('windows give every shard in turn as one view of its file', async () => {
  const store = await sampleStore();
  const seen: [number, number, number][] = [];
  for await (const { start, ids, embeddings } of store.windows()) {
    assert.equal(embeddings.get(1, 2), start + 1 + 2 / 8);
    seen.push([start, ids.length, embeddings.shape[1] as number]);
  }
  assert.deepEqual(seen, [
    [0, 4, 3],
    [4, 4, 3],
    [8, 2, 3],
  ]);
});

test('float16 rounds to nearest even and reads back as float32', async () => {
  const dir = freshDir();
  // 1 + 2^-11 is halfway between 1 and 1 + 2^-10: to even, 1. 1 + 3·2^-11 is halfway above 1 + 2^-10: to even, 1 + 2^-9.
  // 2^-25 is half the smallest half: to even, 0; 3·2^-25 → 2^-23 (= 2 of 2^-24). 65519 → 65504.
  const data = Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -25, 3 * 2 ** -25, 65519, -0.1);
  // -0.1 = -1.6 · 2^-4; 1.6 · 1024 = 1638.4 → 1638, so -1638 / 1024 / 16.
  const rounded = [1, 1 + 2 ** -9, 0, 2 ** -23, 65504, -1638 / 1024 / 16];
  const rows = ['a', 'b'].map((id) => ({ id, source: id, label: 'x' }));
  const content = { embeddings: { data, rows: 2, cols: 3 }, rows, classNames: ['x'] };
  const store = await writeStore(dir, content, { dtype: 'float16' });
  assert.deepEqual([...(await store.read()).embeddings.data], rounded);
  const tooLarge = { ...content, embeddings: { data: Float32Array.of(0, 0, 0, 0, 65520, 0), rows: 2, cols: 3 } };
  await assert.rejects(writeStore(freshDir(), tooLarge, { dtype: 'float16' }), {
    code: 'ERR_DATA',
    message: /Row "b" has 65520 in column 1, beyond float16/,
  });
});

test('a row with NaN stops at the door and is named', async () => {
  const writer = await createStore(freshDir(), sampleOptions());
  const content = shardContent(4, 8);
  content.embeddings.data[4] = NaN;
  await assert.rejects(writer.writeShard(1, content), { code: 'ERR_DATA', message: /Row "item-5".*column 1/ });
  assert.deepEqual(
    writer.shards().map((shard) => shard.done),
    [false, false, false],
  );
});

test('a shard must account for each of its items', async () => {
  const writer = await createStore(freshDir(), sampleOptions());
  await assert.rejects(writer.writeShard(0, shardContent(0, 3)), {
    code: 'ERR_SHAPE',
    message: /items 0 to 3 \(4\) but accounts for 3 embedded and 0 failed/,
  });
  await assert.rejects(writer.writeShard(0, shardContent(0, 4, 2)), { code: 'ERR_SHAPE' });
  await assert.rejects(writer.writeShard(3, shardContent(0, 4)), { code: 'ERR_OPTION' });
});

test('failed items are recorded with their reason and leave the other rows in place', async () => {
  const writer = await createStore(freshDir(), sampleOptions());
  const failure = { id: itemId(5), source: '/data/5.jpg', reason: 'not an image' };
  const part = shardContent(4, 8);
  const keep = [0, 2, 3];
  await writer.writeShard(0, shardContent(0, 4));
  await writer.writeShard(1, {
    ids: keep.map((i) => part.ids[i] as string),
    embeddings: {
      data: Float32Array.from(keep.flatMap((i) => [...part.embeddings.data.subarray(i * 3, i * 3 + 3)])),
      rows: 3,
      cols: 3,
    },
    failures: [failure],
  });
  await writer.writeShard(2, shardContent(8, 10));
  const store = await writer.finish({ rows: sampleRows() });
  assert.deepEqual(await store.failures(), [failure]);
  assert.deepEqual(JSON.parse(await readFile(join(store.dir, 'failures.jsonl'), 'utf8')), failure);
  const set = await store.read();
  assert.equal(set.ids.includes(itemId(5)), false);
  assert.equal(set.embeddings.get(set.ids.indexOf(itemId(6)), 0), 6);
});

test('augmented copies keep the id of what they were made from', async () => {
  const writer = await createStore(freshDir(), sampleOptions({ count: 1, shardRows: 4 }));
  await writer.writeShard(0, { ids: ['a', 'a~1'], embeddings: vectors(0, 2), parents: [null, 'a'], failures: [] });
  const rows = ['a', 'a~1'].map((id) => ({ id, source: id, label: 'cat', group: 'g' }));
  const set = await (await writer.finish({ rows })).read();
  assert.deepEqual(set.parents, [null, 'a']);
  assert.deepEqual(set.groups, ['g', 'g']);
});

test('finishing refuses rows that do not go with the embeddings', async () => {
  const writer = await createStore(freshDir(), sampleOptions());
  await assert.rejects(writer.finish({ rows: sampleRows() }), { code: 'ERR_DATA', message: /shard-00000\.arrow/ });
  await writeShards(writer);
  const rows = sampleRows();
  await assert.rejects(writer.finish({ rows: rows.slice(1) }), { code: 'ERR_DATA', message: /"item-0" has no row/ });
  await assert.rejects(writer.finish({ rows: [...rows, { id: 'x', source: '', label: null }] }), { message: /"x"/ });
  await assert.rejects(writer.finish({ rows: [...rows, rows[0]!] }), { code: 'ERR_DATA', message: /unique/ });
  const fish = rows.map((row, i) => (i === 2 ? { ...row, label: 'fish' } : row));
  await assert.rejects(writer.finish({ rows: fish }), { code: 'ERR_DATA', message: /"item-2" has label "fish"/ });
});

test('an unfinished store resumes where it stopped and ends with the same bytes', async () => {
  const whole = await sampleStore();
  const dir = freshDir();
  const first = await createStore(dir, sampleOptions());
  await first.writeShard(1, shardContent(4, 8));
  await first.abandon();
  // What a kill can leave: a half-written temporary file, and a shard renamed but not yet listed.
  await writeFile(join(dir, '.shard-00002.arrow.123.equipoise-partial'), 'half');
  await writeFile(join(dir, 'shard-00002.arrow'), 'unlisted');
  await assert.rejects(openStore(dir), { code: 'ERR_DATA', message: /1 of 3 shards.*resumes/ });
  const second = await createStore(dir, sampleOptions());
  assert.deepEqual(
    second.shards().map((shard) => shard.done),
    [false, true, false],
  );
  await writeShards(second);
  await second.finish({ rows: sampleRows() });
  assert.deepEqual(await filesOf(dir), await filesOf(whole.dir));
});

test('a run that is killed while writing loses the open shard only', async () => {
  const dir = freshDir();
  const child = fileURLToPath(new URL('./killed.child.js', import.meta.url));
  const args = [child, dir, '512', '256'];
  for (const stopAfter of ['1', '4']) {
    const run = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => run.once('close', resolve));
    // Killed as soon as this shard is said to be done: the next one is being written then.
    for await (const chunk of run.stdout) if (String(chunk).split('\n').includes(stopAfter)) run.kill('SIGKILL');
    await ended;
    const { manifest } = await openStore(dir, { allowIncomplete: true });
    assert.ok(manifest.shards.length > Number(stopAfter), `shards up to ${stopAfter} were done and must be listed`);
  }
  await promisify(execFile)(process.execPath, args).catch(() => undefined);
  const store = await openStore(dir);
  assert.deepEqual((await store.read()).embeddings.data, vectors(0, 512, 256).data);
  assert.equal((await store.verify()).shards, 8);
  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.endsWith('partial')),
    [],
  );
});

test('a full disk says what is safe, leaves no half file, and the same call resumes', async (t) => {
  const child = fileURLToPath(new URL('./disk-full.child.js', import.meta.url));
  const mountPoint = await mkdtemp(join(root, 'small-'));
  // A mount of its own name space: gone when the process ends, whatever happens.
  const script = `mount -t tmpfs -o size=1m tmpfs "$1" && echo mounted && exec "$0" "$2" "$1"`;
  const { stdout } = await promisify(execFile)('unshare', [
    '-rm',
    'sh',
    '-c',
    script,
    process.execPath,
    mountPoint,
    child,
  ]).catch((error: Error & { stdout?: string }) => {
    if (error.stdout?.startsWith('mounted')) throw error;
    return { stdout: '' };
  });
  if (stdout === '') return t.skip('no small file system can be mounted here (needs unshare -rm and tmpfs)');
  const seen = JSON.parse(stdout.split('\n')[1] as string);
  assert.equal(seen.code, 'ERR_ENVIRONMENT');
  assert.ok(seen.safe > 0 && seen.safe < 8);
  assert.match(seen.message, new RegExp(`No space left.*${seen.safe} of 8 shards are safe.*same command again`));
  const shards = Array.from({ length: seen.safe }, (_, i) => `shard-0000${i}.arrow`);
  assert.deepEqual(seen.filesAfterFull.sort(), ['manifest.json', ...shards]);
  assert.deepEqual(
    seen.rowsReadable,
    shards.map(() => 64),
  );
  assert.equal(seen.verified.rows, 512);
});

test('a store of another recipe, dataset or layout is not continued', async () => {
  const dir = freshDir();
  const writer = await createStore(dir, sampleOptions());
  await writer.writeShard(0, shardContent(0, 4));
  const other = { ...sampleOptions().backbone!, recipeHash: 'recipe-2' };
  await assert.rejects(createStore(dir, sampleOptions({ backbone: other })), {
    code: 'ERR_INTEGRITY',
    message: /shard-00000\.arrow was embedded with toy@recipe-1 but this run uses toy@recipe-2/,
  });
  for (const change of [
    { datasetFingerprint: 'fingerprint-2' },
    { classNames: ['dog', 'cat'] },
    { dtype: 'float16' as const },
    { shardRows: 5 },
  ])
    await assert.rejects(createStore(dir, sampleOptions(change)), { code: 'ERR_INTEGRITY', message: /--overwrite/ });
});

test('a finished store needs overwrite, which removes the files of the store and no others', async () => {
  const { dir } = await sampleStore();
  await writeFile(join(dir, 'notes.txt'), 'mine');
  await (await openStore(dir)).writeSplit('a', { parts: { test: [itemId(0)] } });
  const before = await filesOf(dir);
  await assert.rejects(createStore(dir, sampleOptions()), { code: 'ERR_OPTION', message: /--overwrite/ });
  assert.deepEqual(await filesOf(dir), before);
  const store = await sampleStore({ overwrite: true, shardRows: 10 }, dir);
  assert.deepEqual(store.splits(), []);
  assert.deepEqual(Object.keys(await filesOf(dir)), ['manifest.json', 'notes.txt', 'rows.arrow', 'shard-00000.arrow']);
});

test('a folder with something else in it is refused and stays as it was', async () => {
  const dir = freshDir();
  await mkdir(dir);
  await writeFile(join(dir, 'manifest.json'), '{"name":"a web page"}');
  for (const overwrite of [false, true])
    await assert.rejects(createStore(dir, sampleOptions({ overwrite })), {
      code: 'ERR_OPTION',
      message: /holds manifest\.json.*Nothing was touched/,
    });
  assert.deepEqual(await readdir(dir), ['manifest.json']);
  const file = join(dir, 'manifest.json');
  await assert.rejects(createStore(file, sampleOptions()), { code: 'ERR_OPTION', message: /folder/ });
});

test('what is no store, or of a newer format, is refused with advice', async () => {
  await assert.rejects(openStore(join(root, 'nothing')), { code: 'ERR_DATA', message: /equipoise embed/ });
  const { dir } = await sampleStore();
  const path = join(dir, 'manifest.json');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('"formatVersion": "1.0"', '"formatVersion": "1.9", "colour": "blue"'));
  assert.equal((await openStore(dir)).count, 10);
  await writeFile(path, text.replace('"formatVersion": "1.0"', '"formatVersion": "2.0"'));
  await assert.rejects(openStore(dir), { code: 'ERR_INTEGRITY', message: /2\.0/ });
  await writeFile(path, text.replace('"shardRows"', '"shardrows"'));
  await assert.rejects(openStore(dir), { code: 'ERR_INTEGRITY', message: /"shardRows"/ });
  await writeFile(path, text.replace('"shard-00001.arrow"', '"../shard-00001.arrow"'));
  await assert.rejects(openStore(dir), { code: 'ERR_INTEGRITY', message: /"shards"/ });
});

test('a missing, cut or changed shard is named', async () => {
  const store = await sampleStore();
  const path = join(store.dir, 'shard-00001.arrow');
  const bytes = await readFile(path);
  await truncate(path, bytes.length - 1);
  await assert.rejects(store.read(), { code: 'ERR_INTEGRITY', message: /shard-00001\.arrow.*bytes/ });
  const changed = Uint8Array.from(bytes);
  // One bit of an embedding, which only the hash can tell: 5.125 is item 5, column 1.
  const at = bytes.indexOf(Buffer.from(Float32Array.of(5.125).buffer));
  changed[at] = (changed[at] as number) ^ 1;
  await writeFile(path, changed);
  for (const reading of [() => store.verify(), () => store.read()])
    await assert.rejects(reading, { code: 'ERR_INTEGRITY', message: /shard-00001\.arrow.*sha256/ });
  await rm(path);
  await assert.rejects(store.read(), { code: 'ERR_INTEGRITY', message: /shard-00001\.arrow is missing/ });
});

test('a rows file in another order than the shards is refused, not believed', async () => {
  const store = await sampleStore();
  const other = await createStore(freshDir(), sampleOptions());
  const swap = (i: number): number => (i === 4 ? 5 : i === 5 ? 4 : i);
  for (const { index, start, end } of other.shards()) {
    const content = shardContent(start, end);
    await other.writeShard(index, { ...content, ids: content.ids.map((_, i) => itemId(swap(start + i))) });
  }
  const { dir } = await other.finish({ rows: sampleRows() });
  await rename(join(dir, 'rows.arrow'), join(store.dir, 'rows.arrow'));
  await assert.rejects(store.read(), { code: 'ERR_INTEGRITY', message: /shard-00001\.arrow/ });
});

test('splits brand what they hand out and touch no shard', async () => {
  const store = await sampleStore();
  const before = await filesOf(store.dir);
  const parts = new Map(
    sampleRows().map((row, i) => [row.id, i < 6 ? 'train' : i < 8 ? 'validation' : 'test'] as const),
  );
  await store.writeSplit('default', { seed: 7, parts, settings: { test: 0.2 } });
  const train = await store.read({ split: 'default', part: 'train' });
  const held = await store.read({ split: 'default', part: 'test' });
  assert.deepEqual([partOf(train), partOf(held)], ['train', 'test']);
  assert.deepEqual(held.ids, [itemId(8), itemId(9)]);
  assert.deepEqual(held.embeddings.data, vectors(8, 10).data);
  assert.throws(() => asTraining(held), { code: 'ERR_DATA' });
  const { seed, settings, parts: readBack } = await store.readSplit('default');
  assert.deepEqual([seed, settings, readBack], [7, { test: 0.2 }, parts]);
  assert.deepEqual(store.splits(), ['default']);
  const after = await filesOf(store.dir);
  for (const [name, bytes] of Object.entries(before)) assert.equal(after[name], bytes, name);
});

test('a split with unknown ids, ids in two parts, a path for a name or a taken name is refused', async () => {
  const store = await sampleStore();
  const one = { parts: { train: [itemId(1)] } };
  await assert.rejects(store.writeSplit('s', { parts: { train: ['none'] } }), { code: 'ERR_DATA', message: /"none"/ });
  await assert.rejects(store.writeSplit('s', { parts: { train: [itemId(1)], test: [itemId(1)] } }), {
    code: 'ERR_DATA',
  });
  await assert.rejects(store.writeSplit('../s', one), { code: 'ERR_OPTION' });
  await store.writeSplit('s', one);
  await store.writeSplit('s', one);
  await assert.rejects(store.writeSplit('s', { parts: { test: [itemId(1)] } }), {
    code: 'ERR_OPTION',
    message: /overwrite/,
  });
  await store.writeSplit('s', { parts: { test: [itemId(1)] }, overwrite: true });
  assert.equal((await store.readSplit('s')).parts.get(itemId(1)), 'test');
  await assert.rejects(store.read({ split: 'z', part: 'train' }), { code: 'ERR_OPTION', message: /Known splits: s/ });
  await assert.rejects(store.read({ split: 's' }), { code: 'ERR_OPTION', message: /part/ });
});

test('labels, groups and weights change without touching a shard, and new classes come last', async () => {
  const store = await sampleStore();
  const shards = store.manifest.shards;
  await store.updateRows(
    new Map([
      [itemId(0), { label: 'ant', group: 'g', weight: 2 }],
      [itemId(1), { label: null }],
    ]),
  );
  const again = await openStore(store.dir);
  assert.deepEqual(again.classNames, ['cat', 'dog', 'ant']);
  assert.deepEqual(store.classNames, again.classNames);
  const set = await again.read();
  // Item 1 has no label now and is left out; item 0 is class 2.
  assert.deepEqual([set.ids.length, set.labels[0], set.ids[1]], [9, 2, itemId(2)]);
  assert.deepEqual([set.groups?.slice(0, 2), set.weights?.[0], set.weights?.[1]], [['g', itemId(2)], 2, 1]);
  assert.equal(set.embeddings.get(1, 0), 2);
  assert.deepEqual(again.manifest.shards, shards);
  await again.verify();
  await assert.rejects(store.updateRows(new Map([['x', {}]])), { code: 'ERR_DATA', message: /"x"/ });
  await assert.rejects(store.updateRows(new Map([[itemId(0), { weight: NaN }]])), { code: 'ERR_DATA' });
});

test('rows with any number of labels keep theirs as a list, through splits, changes and parts', async () => {
  const set = fromArrays(matrix(vectors(0, 4).data, 4, 3), [['a', 'b'], [], ['b'], ['a']]);
  const store = await writeSet(freshDir(), set);
  assert.deepEqual(
    (await store.rows()).map(({ label }) => label),
    [['a', 'b'], [], ['b'], ['a']],
  );
  const again = await openStore(store.dir);
  assert.deepEqual((await again.read()).targets, set.targets);
  await again.writeSplit('s', { parts: { train: ['0', '1'], test: ['2', '3'] } });
  assert.deepEqual([...((await again.read({ split: 's', part: 'test' })).targets ?? [])], [0, 1, 1, 0]);
  await again.updateRows(
    new Map([
      ['1', { label: ['c', 'a'] }],
      ['2', { label: null }],
    ]),
  );
  const changed = await again.read();
  assert.deepEqual(again.classNames, ['a', 'b', 'c']);
  assert.deepEqual([...(changed.targets ?? [])], [1, 1, 0, 1, 0, 1, 1, 0, 0]);
  await assert.rejects(again.updateRows(new Map([['0', { label: 'a' }]])), {
    code: 'ERR_DATA',
    message: /list of labels/,
  });
  const rows = [{ id: '0', source: '', label: ['z'] }];
  await assert.rejects(writeStore(freshDir(), { embeddings: vectors(0, 1), rows, classNames: ['a'] }), {
    code: 'ERR_DATA',
    message: /"z"/,
  });
});

test('a store without any label says so', async () => {
  const rows = sampleRows().map((row) => ({ ...row, label: null }));
  const store = await writeStore(freshDir(), { embeddings: vectors(0, 10), rows, classNames: [] });
  await assert.rejects(store.read(), { code: 'ERR_DATA', message: /updateRows/ });
  await store.updateRows(new Map([[itemId(4), { label: 'cat' }]]));
  assert.deepEqual((await store.read()).ids, [itemId(4)]);
});

test('a part of a split stays that part when it is written and read', async () => {
  const set = fromArrays(matrix(vectors(0, 4).data, 4, 3), ['a', 'b', 'a', 'b'], { weights: [1, 2, 3, 4] });
  const store = await writeSet(freshDir(), brand(set, 'test'), { shardRows: 3 });
  const back = await store.read();
  assert.equal(partOf(back), 'test');
  assert.deepEqual([back.labels, back.weights, back.ids], [set.labels, set.weights, set.ids]);
  await assert.rejects(store.writeSplit('s', { parts: { train: ['0'] } }), { code: 'ERR_DATA', message: /test part/ });
});

test('a resampled store tells what each synthetic row was made of, and cannot be split', async () => {
  const train = brand(
    fromArrays(matrix(Float32Array.of(0, 0, 4, 0, 0, 8), 3, 2), ['a', 'b', 'b'], { ids: ['p', 'q', 'r'] }),
    'train',
  );
  const plan: ResamplingPlan = {
    sampler: 'eos',
    options: {},
    originalRows: 3,
    keep: Int32Array.of(0, 2),
    recipes: {
      base: Int32Array.of(0, 3),
      other: Int32Array.of(1, 2),
      step: Float32Array.of(0.25, 0.5),
      label: Int32Array.of(0, 0),
    },
    extra: {
      embeddings: matrix(Float32Array.of(2, 4), 1, 2),
      labels: Int32Array.of(1),
      parents: [Int32Array.of(1, 2)],
    },
    perClass: [],
  };
  // Kept p, r; p + 0.25 (q − p) = (1, 0); that row, named 3, + 0.5 (r − it) = (0.5, 4); the centroid of q and r.
  const embeddings = matrix(Float32Array.of(0, 0, 0, 8, 1, 0, 0.5, 4, 2, 4), 5, 2);
  const resampled = { embeddings, labels: Int32Array.of(0, 1, 0, 0, 1), classNames: ['a', 'b'], plan };
  const store = await writeSet(freshDir(), resampled, { from: train });
  const back = await store.read();
  assert.ok(isResampled(back) && store.resampled);
  assert.deepEqual(back.embeddings.data, embeddings.data);
  assert.deepEqual(back.ids, ['p', 'r', 'eos-0', 'eos-1', 'eos-2']);
  assert.deepEqual(back.parents, [null, null, 'p', 'eos-0', 'q']);
  assert.equal((await store.rows())[4]!.source, 'eos of q and 1 more');
  assert.deepEqual(await store.provenance(), [
    { id: 'eos-0', base: 'p', other: 'q', step: 0.25 },
    { id: 'eos-1', base: 'eos-0', other: 'r', step: 0.5 },
    { id: 'eos-2', base: null, other: null, step: null, parents: ['q', 'r'] },
  ]);
  await assert.rejects(store.writeSplit('s', { parts: { train: ['p'] } }), { code: 'ERR_DATA', message: /leak/ });
  await assert.rejects(writeSet(freshDir(), resampled), { code: 'ERR_OPTION', message: /writeSet\.from/ });
});

test('a resampled store keeps soft labels, and extra rows inherit the group of their first parent', async () => {
  const groups = ['g', 'h', 'h'];
  const train = brand(
    fromArrays(matrix(Float32Array.of(0, 0, 4, 0, 0, 8), 3, 2), ['a', 'b', 'b'], { ids: ['p', 'q', 'r'], groups }),
    'train',
  );
  const plan: ResamplingPlan = {
    sampler: 'soft-smote',
    options: {},
    originalRows: 3,
    keep: 'all',
    recipes: {
      base: Int32Array.of(0),
      other: Int32Array.of(1),
      step: Float32Array.of(0.25),
      label: Int32Array.of(0),
      otherLabel: Int32Array.of(1),
      labelWeight: Float32Array.of(0.75),
    },
    extra: {
      embeddings: matrix(Float32Array.of(2, 4), 1, 2),
      labels: Int32Array.of(1),
      parents: [Int32Array.of(2, 1)],
    },
    perClass: [],
  };
  const resampled = {
    embeddings: matrix(Float32Array.of(0, 0, 4, 0, 0, 8, 1, 0, 2, 4), 5, 2),
    labels: Int32Array.of(0, 1, 1, 0, 1),
    otherLabels: Int32Array.of(0, 1, 1, 1, 1),
    labelWeights: Float32Array.of(1, 1, 1, 0.75, 1),
    classNames: ['a', 'b'],
    plan,
  };
  const store = await writeSet(freshDir(), resampled, { from: train });
  assert.deepEqual((await store.read()).groups, ['g', 'h', 'h', 'g', 'h']);
  const [mixed, made] = await store.provenance();
  assert.deepEqual(mixed, {
    id: 'soft-smote-0',
    base: 'p',
    other: 'q',
    step: 0.25,
    otherLabel: 'b',
    labelWeight: 0.75,
  });
  assert.deepEqual(made!.parents, ['r', 'q']);
});

test('rows that build on synthetic or extra ones name them as the store does', async () => {
  const groups = ['g', 'h', 'h'];
  const train = asTraining(
    fromArrays(matrix(Float32Array.of(0, 4, 8), 3, 1), ['a', 'b', 'b'], { ids: ['p', 'q', 'r'], groups }),
  );
  const plan: ResamplingPlan = {
    sampler: 'pipeline',
    options: {},
    originalRows: 3,
    keep: Int32Array.of(0, 2),
    // Row 3: half way from p to q, 2. Row 4: half way from row 3 to r, 5. Row 5: half way from the extra row 6 to p, 3.
    recipes: {
      base: Int32Array.of(0, 3, 6),
      other: Int32Array.of(1, 2, 0),
      step: Float32Array.of(0.5, 0.5, 0.5),
      label: Int32Array.of(0, 0, 1),
    },
    extra: { embeddings: matrix(Float32Array.of(6), 1, 1), labels: Int32Array.of(1), parents: [Int32Array.of(1, 3)] },
    perClass: [],
  };
  const store = await writeSet(freshDir(), { plan, embeddings: planRows(train, plan) }, { from: train });
  const set = await store.read();
  assert.deepEqual([...set.embeddings.data], [0, 8, 2, 5, 3, 6]);
  assert.deepEqual(
    (await store.provenance()).map(({ id, base, other, parents }) => [id, base, other, parents]),
    [
      ['pipeline-0', 'p', 'q', undefined],
      ['pipeline-1', 'pipeline-0', 'r', undefined],
      ['pipeline-2', 'pipeline-3', 'p', undefined],
      ['pipeline-3', null, null, ['q', 'pipeline-0']],
    ],
  );
  // A row is of the group of its base: row 4 by way of row 3, row 5 by way of the extra row, which comes after it.
  assert.deepEqual(set.groups, ['g', 'h', 'g', 'g', 'h', 'h']);
});

test('a plan is written shard by shard, never whole', async () => {
  const train = brand(fromArrays(matrix(vectors(0, 10).data, 10, 3), [...'aaaaaaaabb']), 'train');
  const plan = await createSampler('random-over-sampling', { samplingStrategy: { b: 95 } }).plan(train);
  const rows = planRows(train, plan);
  const asked: [start: number, end: number][] = [];
  const memory = new Set<ArrayBufferLike>();
  const embeddings = {
    ...rows,
    window(start: number, end: number, out: Float32Array) {
      asked.push([start, end]);
      memory.add(out.buffer);
      assert.ok(out.buffer.byteLength <= 25 * 3 * 4, 'no more memory than a shard');
      return rows.window(start, end, out);
    },
  };
  const dir = freshDir();
  const store = await writeSet(dir, { plan, embeddings }, { from: train, shardRows: 25 });
  // 8 + 95 rows.
  assert.deepEqual(asked, [
    [0, 25],
    [25, 50],
    [50, 75],
    [75, 100],
    [100, 103],
  ]);
  assert.equal(memory.size, 1, 'the same memory for every shard');
  const whole = await writeSet(freshDir(), { plan, embeddings: materialize(train, plan) }, { from: train });
  const [streamed, atOnce] = [await store.read(), await whole.read()];
  assert.deepEqual(streamed.embeddings.data, atOnce.embeddings.data);
  assert.deepEqual([streamed.ids, streamed.labels], [atOnce.ids, atOnce.labels]);
  assert.deepEqual(await store.provenance(), await whole.provenance());
});

test('a store of a plan is not continued with another plan', async () => {
  const train = brand(fromArrays(matrix(vectors(0, 10).data, 10, 3), [...'aaaaaaaabb']), 'train');
  const dir = freshDir();
  const write = async (seed: number, fail: boolean) => {
    const plan = await createSampler('random-over-sampling', { seed }).plan(train);
    const { window, ...rest } = planRows(train, plan);
    const asked: number[] = [];
    const stopping = (start: number, end: number, out: Float32Array) => {
      asked.push(start);
      if (fail && start > 0) throw new Error('the plug was pulled');
      return window(start, end, out);
    };
    await writeSet(dir, { plan, embeddings: { ...rest, window: stopping } }, { from: train, shardRows: 5 });
    return asked;
  };
  await assert.rejects(write(0, true), /plug/);
  await assert.rejects(write(1, false), { code: 'ERR_INTEGRITY', message: /dataset fingerprint/ });
  assert.deepEqual(await write(0, false), [5, 10, 15], 'the first shard is there already');
});

test('unknown options and impossible widths are refused', async () => {
  const wrong = { ...sampleOptions(), shard_rows: 3 };
  await assert.rejects(createStore(freshDir(), wrong), { code: 'ERR_OPTION', message: /createStore\.shard_rows/ });
  await assert.rejects(createStore(freshDir(), sampleOptions({ backbone: null })), { message: /dim/ });
  await assert.rejects(createStore(freshDir(), sampleOptions({ shardRows: 2 ** 30 })), { code: 'ERR_OPTION' });
  await assert.rejects(createStore(freshDir(), sampleOptions({ count: 0 })), { code: 'ERR_OPTION' });
});
