import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openDataset } from '../../../src/dataset/index.js';
import { collect, failure, folderOf } from './temp-folder.js';

function idxFile(shape: number[], data: number[], type = 0x08): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE((type << 8) + shape.length, 0);
  shape.forEach((side, i) => header.writeUInt32BE(side, 4 + 4 * i));
  return Buffer.concat([header, Buffer.from(data)]);
}

/** Two images of 2 × 3. */
const images = idxFile([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
const labels = idxFile([2], [7, 0]);
const train = { 'train-images-idx3-ubyte': images, 'train-labels-idx1-ubyte': labels };

test('images and labels open in order, plain and packed alike', async (t) => {
  const plain = await openDataset(folderOf(t, train));
  const packed = await openDataset(
    folderOf(t, { 'train-images-idx3-ubyte.gz': gzipSync(images), 'train-labels-idx1-ubyte.gz': gzipSync(labels) }),
  );
  for (const set of [plain, packed]) {
    assert.deepEqual([set.format, set.modality, set.count, set.classNames], ['idx', 'image', 2, ['0', '7']]);
    const [first, second] = await collect(set);
    assert.deepEqual([first?.id, first?.label, second?.id, second?.label], ['0', '7', '1', '0']);
    assert.deepEqual(second?.content, {
      kind: 'pixels',
      data: second?.content.kind === 'pixels' ? second.content.data : null,
      width: 3,
      height: 2,
      channels: 1,
    });
    assert.deepEqual(second?.content.kind === 'pixels' && [...second.content.data], [7, 8, 9, 10, 11, 12]);
  }
  assert.equal(plain.fingerprint, packed.fingerprint);
});

test('a folder with both parts opens train and says that test is there', async (t) => {
  const root = folderOf(t, {
    ...train,
    't10k-images-idx3-ubyte': idxFile([1, 2, 3], [0, 0, 0, 0, 0, 0]),
    't10k-labels-idx1-ubyte': idxFile([1], [3]),
  });
  const set = await openDataset(root);
  assert.deepEqual([set.count, set.companions], [2, ['test']]);
  assert.deepEqual(set.notes, ['opened train; beside it: t10k', '2 grey images of 2 x 3']);
  assert.deepEqual((await openDataset(root, { part: 'test' })).classNames, ['3']);
  assert.equal((await openDataset(join(root, 't10k-images-idx3-ubyte'))).count, 1);
});

test('images whose labels are missing are refused, or opened without on request', async (t) => {
  const root = folderOf(t, { 'train-images-idx3-ubyte': images });
  await assert.rejects(openDataset(root), failure('ERR_DATA', 'train-labels-idx1-ubyte'));
  assert.deepEqual(
    (await collect(await openDataset(root, { labelled: false }))).map(({ label }) => label),
    [null, null],
  );
});

test('truncated, lying and foreign files are refused by what is wrong', async (t) => {
  const open = (files: Record<string, Buffer>) => openDataset(folderOf(t, { ...train, ...files }));
  const file = (bytes: Buffer) => ({ 'train-images-idx3-ubyte': bytes });
  await assert.rejects(
    open(file(images.subarray(0, 20))),
    failure('ERR_DATA', '2 x 2 x 3 = 12 bytes', '4 bytes of data'),
  );
  await assert.rejects(open(file(images.subarray(0, 9))), failure('ERR_DATA', '9 bytes', 'header of 16'));
  await assert.rejects(
    open(file(idxFile([2, 2, 3], Array(12).fill(0), 0x0d))),
    failure('ERR_DATA', '0x00000d03', '0x00000803'),
  );
  await assert.rejects(open(file(idxFile([4294967295, 4294967295, 3], [1]))), failure('ERR_DATA', '4294967295'));
  await assert.rejects(open(file(idxFile([0, 28, 28], []))), failure('ERR_DATA', 'no data'));
  await assert.rejects(
    open({ 'train-labels-idx1-ubyte': idxFile([3], [1, 2, 3]) }),
    failure('ERR_DATA', '3 labels', '2 images'),
  );
});

test('a broken gzip is refused', async (t) => {
  const root = folderOf(t, {
    'train-images-idx3-ubyte.gz': gzipSync(images).subarray(0, 20),
    'train-labels-idx1-ubyte': labels,
  });
  await assert.rejects(openDataset(root), failure('ERR_DATA', 'train-images-idx3-ubyte.gz'));
});
