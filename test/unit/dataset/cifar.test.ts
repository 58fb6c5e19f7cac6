import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDataset } from '../../../src/dataset/index.js';
import { collect, failure, folderOf } from './temp-folder.js';

/** Planes of one value each: red, green, blue. */
const record = (labels: number[], [red, green, blue]: [number, number, number]) =>
  Buffer.concat([
    Uint8Array.from(labels),
    Buffer.alloc(1024, red),
    Buffer.alloc(1024, green),
    Buffer.alloc(1024, blue),
  ]);

const ten = 'airplane\nautomobile\nbird\n\n';

test('CIFAR-10 opens with its class names, batches in order, planes as pixels', async (t) => {
  const folder = folderOf(t, {
    'batches.meta.txt': ten,
    'data_batch_1.bin': Buffer.concat([record([2], [1, 2, 3]), record([0], [4, 5, 6])]),
    'data_batch_2.bin': record([1], [7, 8, 9]),
    'test_batch.bin': record([1], [9, 9, 9]),
  });
  const set = await openDataset(folder);
  const items = await collect(set);
  assert.deepEqual([set.format, set.modality, set.companions], ['cifar', 'image', ['test']]);
  assert.deepEqual(
    items.map(({ label }) => label),
    ['bird', 'airplane', 'automobile'],
  );
  const { content } = items[2] as (typeof items)[number];
  assert.ok(content.kind === 'pixels' && content.channels === 3 && content.width === 32 && content.height === 32);
  assert.deepEqual([...content.data.subarray(0, 6)], [7, 8, 9, 7, 8, 9]);
  assert.equal((await openDataset(folder, { part: 'test' })).count, 1);
});

test('CIFAR-100 has fine and coarse labels', async (t) => {
  const folder = folderOf(t, {
    'fine_label_names.txt': 'apple\nbear\n',
    'coarse_label_names.txt': 'fruit\nanimal\n',
    'train.bin': Buffer.concat([record([1, 1], [0, 0, 0]), record([0, 0], [1, 1, 1])]),
  });
  assert.deepEqual((await openDataset(folder)).classNames, ['apple', 'bear']);
  assert.deepEqual((await openDataset(folder, { label: 'coarse' })).classNames, ['animal', 'fruit']);
});

test('cut batches, class ids beyond the table and a coarse label of CIFAR-10 are refused', async (t) => {
  const cut = folderOf(t, { 'batches.meta.txt': ten, 'data_batch_1.bin': record([0], [0, 0, 0]).subarray(1) });
  await assert.rejects(openDataset(cut), failure('ERR_DATA', '3073 bytes', 'received 3072'));
  const stray = folderOf(t, { 'batches.meta.txt': ten, 'data_batch_1.bin': record([3], [0, 0, 0]) });
  await assert.rejects(openDataset(stray), failure('ERR_DATA', 'below 3', 'record 0', 'received 3'));
  const sound = folderOf(t, { 'batches.meta.txt': ten, 'data_batch_1.bin': record([0], [0, 0, 0]) });
  await assert.rejects(openDataset(sound, { label: 'coarse' }), failure('ERR_OPTION', 'CIFAR-10'));
});
