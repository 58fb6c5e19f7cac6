/** A store whose data changed: what is still the same is not embedded again. */

import assert from 'node:assert/strict';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { embed, openBackbone, openDataset, openStore } from '../../src/index.js';
import { drawImages } from './data.js';
import { equipoise, succeed, temporaryFolder } from './equipoise.js';

const dir = temporaryFolder();
const at = (...names: string[]) => join(dir, ...names);
// One item a batch, so that an item has the same bytes whoever is embedded beside it.
const embedding = (data: string, ...args: string[]) => [
  'embed',
  data,
  '--shard-size',
  '5',
  '--batch-size',
  '1',
  ...args,
];

async function rowsOf(store: string): Promise<Record<string, number[]>> {
  const opened = await openStore(at(store));
  const rows: Record<string, number[]> = {};
  for await (const { ids, embeddings } of opened.windows())
    ids.forEach((id, i) => (rows[id] = [...embeddings.data.subarray(i * opened.dim, (i + 1) * opened.dim)]));
  return rows;
}

before(async () => {
  await drawImages(at('photos'), { red: 12, green: 6 });
  await succeed(dir, ...embedding('photos', '--out', 'store'));
});

test('a changed list is refused, and --update embeds what is new, drops what is gone and keeps the rest', async () => {
  await cp(at('photos'), at('changed'), { recursive: true });
  await drawImages(at('changed'), { red: 2, green: 1 }, 50);
  await rm(at('changed', 'red', '03.jpg'));
  // The same name with another content: a copy of another picture, which differs in size.
  await cp(at('photos', 'green', '01.jpg'), at('changed', 'red', '05.jpg'));
  await cp(at('store'), at('updated'), { recursive: true });
  const refused = await equipoise(dir, ...embedding('changed', '--out', 'updated'));
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /finished store of 18 items that are not the 20 of this run.*--update/);

  await succeed(dir, ...embedding('changed', '--out', 'updated', '--update'));
  await succeed(dir, ...embedding('changed', '--out', 'fresh'));
  assert.deepEqual(await rowsOf('updated'), await rowsOf('fresh'));
  assert.deepEqual((await openStore(at('updated'))).manifest.dataset, (await openStore(at('fresh'))).manifest.dataset);
  assert.ok(!existsSync(at('updated.next')) && !existsSync(at('updated.before')), 'nothing is left beside it');
});

test('what is kept is taken over, not made again', async () => {
  await cp(at('store'), at('kept'), { recursive: true });
  await cp(at('photos'), at('more'), { recursive: true });
  await drawImages(at('more'), { green: 1 }, 60);
  const dataset = await openDataset(at('more'));
  const before = await rowsOf('kept');
  // Items that are there already can no longer be read: embedding them would fail.
  async function* items(range?: { start: number; end: number }) {
    for await (const item of dataset.items(range))
      yield item.id in before ? { ...item, content: { kind: 'image' as const, path: at('nowhere') } } : item;
  }
  const store = await embed(
    { ...dataset, items, [Symbol.asyncIterator]: () => items() },
    await openBackbone('tiny-image'),
    {
      out: at('kept'),
      update: true,
    },
  );
  assert.deepEqual(await store.failures(), []);
  const { 'green/60.jpg': fresh, ...rest } = await rowsOf('kept');
  assert.deepEqual(rest, before);
  assert.equal(fresh?.length, store.dim);
});

test('--retry-failed embeds a repaired file and refuses other changes', async () => {
  await cp(at('photos'), at('broken'), { recursive: true });
  await writeFile(at('broken', 'red', '02.jpg'), 'no image');
  await succeed(dir, ...embedding('broken', '--out', 'repaired', '--max-fail-rate', '0.2'));
  assert.equal((await openStore(at('repaired'))).count, 17);
  await cp(at('photos', 'red', '02.jpg'), at('broken', 'red', '02.jpg'));
  await succeed(dir, ...embedding('broken', '--out', 'repaired', '--retry-failed'));
  assert.deepEqual(await rowsOf('repaired'), await rowsOf('store'));
  assert.ok(!existsSync(at('repaired', 'failures.jsonl')));
  await rm(at('broken', 'red', '01.jpg'));
  const { code, stderr } = await equipoise(dir, ...embedding('broken', '--out', 'repaired', '--retry-failed'));
  assert.equal(code, 1);
  assert.match(stderr, /there are 17 of 18.*--update/);
});

test('an unfinished store, too many of whose items failed, is taken up after repair', async () => {
  await cp(at('photos'), at('many'), { recursive: true });
  for (const name of ['01', '02', '03']) await writeFile(at('many', 'red', `${name}.jpg`), 'no image');
  const failed = await equipoise(dir, ...embedding('many', '--out', 'many-store'));
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /3 of 18.*did/);
  for (const name of ['01', '02', '03']) await cp(at('photos', 'red', `${name}.jpg`), at('many', 'red', `${name}.jpg`));
  await succeed(dir, ...embedding('many', '--out', 'many-store', '--retry-failed'));
  assert.deepEqual(await rowsOf('many-store'), await rowsOf('store'));
});

test('a run ends once too many items failed, not after the whole dataset, and is taken up after repair', async () => {
  await cp(at('photos'), at('early'), { recursive: true });
  await writeFile(at('early', 'green', '00.jpg'), 'no image');
  const failed = await equipoise(dir, ...embedding('early', '--threads', '1', '--out', 'early-store'));
  assert.equal(failed.code, 1);
  // 1 of 18 is more than 1 %; the first shard has it. One more shard may be under way then.
  assert.match(failed.stderr, /1 of 18 \(5\.6 %\) did.*repair them and run the same command with --retry-failed/);
  assert.ok(!existsSync(at('early-store', 'shard-00002.arrow')), 'it went on in vain');
  assert.match(await readFile(at('early-store', 'failures.jsonl'), 'utf8'), /green\/00\.jpg/);
  await cp(at('photos', 'green', '00.jpg'), at('early', 'green', '00.jpg'));
  await succeed(dir, ...embedding('early', '--out', 'early-store', '--retry-failed'));
  assert.deepEqual(await rowsOf('early-store'), await rowsOf('store'));
});

test('an update of data that did not change leaves the store and its splits as they are', async () => {
  await cp(at('store'), at('current'), { recursive: true });
  await succeed(dir, 'split', 'current', '--name', 'mine');
  await succeed(dir, ...embedding('photos', '--out', 'current', '--update'));
  assert.deepEqual((await openStore(at('current'))).splits(), ['mine']);
});

test('an update without a store, with another backbone or with two of its options is refused', async () => {
  const none = await equipoise(dir, ...embedding('photos', '--out', 'nothing', '--update'));
  assert.match(none.stderr, /ERR_OPTION: Expected a store to bring up to date in nothing/);
  const two = await equipoise(dir, ...embedding('photos', '--out', 'store', '--update', '--overwrite'));
  assert.match(two.stderr, /Expected one of overwrite, update and retryFailed/);
  const halves = await equipoise(dir, ...embedding('photos', '--out', 'store', '--update', '--dtype', 'float16'));
  assert.match(halves.stderr, /ERR_INTEGRITY: store has dtype: float32, but this run has float16/);
  assert.ok((await readFile(at('store', 'manifest.json'))).length > 0);
});
