/** Shards made in any order, beside each other or alone, from items of any length, are the same bytes. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openBackbone } from '../../../src/backbone/index.js';
import type { Dataset, Item, ItemContent } from '../../../src/core/item.js';
import { dense } from '../../../src/core/matrix.js';
import { embed, openJob } from '../../../src/embed/index.js';
import { createStore, openStore } from '../../../src/store/index.js';
import { embedAll, image, largestDifference, modelsDir, text } from '../backbone/fixtures.js';

const root = mkdtempSync(join(tmpdir(), 'equipoise-embed-'));
after(() => rmSync(root, { recursive: true }));
let folders = 0;
const freshDir = () => join(root, String(folders++));

function datasetOf(contents: readonly ItemContent[], modality: 'image' | 'text'): Dataset {
  const items = contents.map((content, i): Item => ({
    id: `item-${i}`,
    source: `${i}`,
    label: `class-${i % 2}`,
    content,
  }));
  async function* some({ start, end } = { start: 0, end: items.length }) {
    yield* items.slice(start, end);
  }
  return {
    name: 'drawn',
    format: 'drawn',
    modality,
    count: items.length,
    classNames: ['class-0', 'class-1'],
    fingerprint: 'f',
    notes: [],
    items: some,
    [Symbol.asyncIterator]: () => some(),
  };
}

const images = Array.from({ length: 23 }, (_, i) => image(i));
const broken: ItemContent = { kind: 'encoded-image', bytes: new TextEncoder().encode('no image') };
const words = ['cat', 'dog', 'the', 'a', 'sat'];
/** Texts of 1 to 7 words in no order of length. */
const texts = Array.from({ length: 30 }, (_, i) =>
  text(Array.from({ length: 1 + ((i * 5) % 7) }, (_, j) => words[(i + j) % 5]).join(' ')),
);

test('shards made beside each other are, byte for byte, those made one after the other', async () => {
  const data = datasetOf([...images.slice(0, 9), broken, ...images.slice(9)], 'image');
  const backbone = await openBackbone(`${modelsDir}tiny-cnn`);
  const shards: Buffer[][] = [];
  for (const beside of [true, false])
    for (const threads of [1, 2]) {
      await using job = await openJob(data, backbone, { batchSize: 3, threads });
      const writer = await createStore(freshDir(), { ...job.store, shardRows: 7 });
      const order = beside ? [0, 1, 2, 3] : [3, 1, 0, 2];
      const entries = [];
      if (beside) entries.push(...(await Promise.all(order.map((index) => job.embedShard(writer, index)))));
      else for (const index of order) entries.push(await job.embedShard(writer, index));
      for (const entry of entries) await writer.addShard(entry);
      assert.deepEqual(
        writer.manifest.shards.map(({ start, rows, failures }) => [start, rows, failures.map(({ id }) => id)]),
        [
          [0, 7, []],
          [7, 6, ['item-9']],
          [14, 7, []],
          [21, 3, []],
        ],
      );
      shards.push(await Promise.all(writer.manifest.shards.map(({ file }) => readFile(join(writer.dir, file)))));
    }
  for (const other of shards.slice(1)) assert.deepEqual(other, shards[0]);
});

test('texts are run beside those of their length and come back in their own order', async () => {
  const backbone = await openBackbone(`${modelsDir}tiny-bert`);
  const contents = [...texts.slice(0, 4), text(''), ...texts.slice(4)];
  const store = await embed(datasetOf(contents, 'text'), backbone, {
    out: freshDir(),
    tokenBudget: 24,
    batchSize: 5,
    maxFailRate: 0.1,
  });
  assert.deepEqual(store.manifest.batch, { items: 5, tokens: 24 });
  const set = await store.read();
  assert.deepEqual(
    set.ids,
    contents.map((_, i) => `item-${i}`).filter((id) => id !== 'item-4'),
  );
  const { data, cols } = dense(set.embeddings);
  // Each text alone, without any padding: float32 sums of a few terms in another order.
  const alone = await embedAll(backbone, texts, 1);
  const rows = alone.map((_, i) => [...data.subarray(i * cols, (i + 1) * cols)]);
  const worst = Math.max(...rows.map((row, i) => largestDifference(row, alone[i] as number[])));
  assert.ok(worst < 1e-5, String(worst));
});

test('an unfinished store is not continued with batches of another size', async () => {
  const backbone = await openBackbone(`${modelsDir}tiny-cnn`);
  const data = datasetOf(images, 'image');
  const out = freshDir();
  await using job = await openJob(data, backbone, { batchSize: 3 });
  const writer = await createStore(out, { ...job.store, shardRows: 8192 });
  await writer.abandon();
  await assert.rejects(embed(data, backbone, { out, batchSize: 4 }), {
    code: 'ERR_INTEGRITY',
    message: /batch \{"items":3\} but this run has \{"items":4\}/,
  });
  assert.equal((await embed(data, backbone, { out, batchSize: 3 })).count, 23);
});

test('images are run by two, by four where the graph is large, and alone where they could depend on each other', async () => {
  for (const [name, bytes, count] of [
    ['tiny-cnn', 2 ** 25, 2],
    ['tiny-cnn', 2 ** 25 + 1, 4],
    ['tiny-cnn-fp16', 2 ** 25 + 1, 1],
  ] as const) {
    const backbone = await openBackbone(`${modelsDir}${name}`, { preprocess: 'imagenet' });
    const graph = () => new Uint8Array(bytes);
    await using job = await openJob(datasetOf(images, 'image'), { ...backbone, graph }, {});
    assert.deepEqual(job.store.batch, { items: count });
  }
});

test('a budget of tokens is refused for images', async () => {
  const backbone = await openBackbone(`${modelsDir}tiny-cnn`);
  const embedding = embed(datasetOf(images, 'image'), backbone, { out: freshDir(), tokenBudget: 100 });
  await assert.rejects(embedding, { code: 'ERR_OPTION', message: /no tokenBudget for tiny-cnn, which takes image/ });
});

test('a signal stops between batches and leaves finished shards', async () => {
  const backbone = await openBackbone(`${modelsDir}tiny-cnn`);
  const out = freshDir();
  const stop = new AbortController();
  const embedding = embed(datasetOf(images, 'image'), backbone, {
    out,
    batchSize: 1,
    shardSize: 4,
    signal: stop.signal,
    onProgress: ({ done }) => {
      if (done >= 13) stop.abort();
    },
  });
  await assert.rejects(embedding, { code: 'ERR_ABORTED' });
  const { manifest } = await openStore(out, { allowIncomplete: true });
  assert.ok(manifest.shards.length >= 1 && manifest.shards.length < 6, String(manifest.shards.length));
});

test('an entry that is no shard to do is not listed', async () => {
  const backbone = await openBackbone(`${modelsDir}tiny-cnn`);
  await using job = await openJob(datasetOf(images, 'image'), backbone, {});
  const writer = await createStore(freshDir(), { ...job.store, shardRows: 20 });
  const entry = await job.embedShard(writer, 1);
  await writer.addShard(entry);
  await assert.rejects(writer.addShard(entry), { code: 'ERR_OPTION' });
  await assert.rejects(writer.addShard({ ...entry, start: 0 }), { code: 'ERR_OPTION' });
});
