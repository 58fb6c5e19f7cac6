import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataset } from '../../../src/dataset/index.js';
import { collect, failure, folderOf } from './temp-folder.js';

const pets = { 'dog/img10.jpg': 'a', 'dog/img2.PNG': 'bb', 'cat/b/1.webp': 'c', 'cat/a.jpeg': 'd' };

test('class folders open in natural order with paths as ids', async (t) => {
  const root = folderOf(t, pets);
  const set = await openDataset(root);
  const items = await collect(set);
  assert.deepEqual(
    items.map(({ id, label }) => [id, label]),
    [
      ['cat/a.jpeg', 'cat'],
      ['cat/b/1.webp', 'cat'],
      ['dog/img2.PNG', 'dog'],
      ['dog/img10.jpg', 'dog'],
    ],
  );
  assert.deepEqual(items[1]?.content, { kind: 'image', path: join(root, 'cat/b/1.webp') });
  assert.deepEqual([set.format, set.modality, set.count, set.classNames], ['image-folder', 'image', 4, ['cat', 'dog']]);
});

test('a second iteration and a range yield the same items', async (t) => {
  const set = await openDataset(folderOf(t, pets));
  const items = await collect(set);
  assert.deepEqual(await collect(set), items);
  assert.deepEqual(await collect(set, { start: 1, end: 3 }), items.slice(1, 3));
  await assert.rejects(collect(set, { start: 2, end: 5 }), failure('ERR_OPTION', '0 to 4'));
});

test('class names that are numbers come in the order of numbers', async (t) => {
  const set = await openDataset(folderOf(t, { '10/a.jpg': '', '9/a.jpg': '', '2/a.jpg': '' }));
  assert.deepEqual(set.classNames, ['2', '9', '10']);
  assert.deepEqual(
    (await collect(set)).map(({ label }) => label),
    ['2', '9', '10'],
  );
});

test('the fingerprint follows paths and sizes and not where the folder lies', async (t) => {
  const print = async (files: Record<string, string>) => (await openDataset(folderOf(t, files))).fingerprint;
  const first = await print(pets);
  assert.equal(await print(pets), first);
  assert.notEqual(await print({ ...pets, 'dog/img10.jpg': 'longer' }), first);
  assert.notEqual(await print({ ...pets, 'dog/new.jpg': '' }), first);
});

test('hidden files are ignored and others are counted in a note', async (t) => {
  const set = await openDataset(
    folderOf(t, {
      ...pets,
      'cat/.DS_Store': '',
      '.git/x.jpg': '',
      'cat/a.txt': '',
      'dog/b.txt': '',
      'dog/c.gif': '',
      'loose.jpg': '',
      'void/x.md': '',
    }),
  );
  assert.equal(set.count, 4);
  assert.deepEqual(set.notes, [
    '1 image beside the class folders skipped: loose.jpg',
    'class folder "void" has no image and is left out',
    '4 files skipped: .gif, .md, .txt',
  ]);
});

test('links to files are followed, links to folders are not and say so', async (t) => {
  const root = folderOf(t, pets);
  symlinkSync(join(root, 'cat/a.jpeg'), join(root, 'dog/link.jpg'));
  symlinkSync(join(root, 'cat'), join(root, 'dog/loop'));
  const set = await openDataset(root);
  assert.ok((await collect(set)).some(({ id }) => id === 'dog/link.jpg'));
  assert.deepEqual(set.notes, ['link to a folder not followed: dog/loop']);
});

test('a broken link and a 0-byte file stay items, to fail by name when decoded', async (t) => {
  const root = folderOf(t, { ...pets, 'dog/empty.jpg': '' });
  symlinkSync(join(root, 'gone.jpg'), join(root, 'dog/broken.jpg'));
  assert.equal((await openDataset(root)).count, 6);
});

test('train and test folders open as parts and not as classes', async (t) => {
  const root = folderOf(t, { 'train/a/1.jpg': '', 'train/b/1.jpg': '', 'test/a/2.jpg': '', 'val/a/3.jpg': '' });
  const train = await openDataset(root);
  assert.deepEqual(
    [train.classNames, train.companions],
    [
      ['a', 'b'],
      ['test', 'validation'],
    ],
  );
  assert.deepEqual(train.notes, ['opened train; beside it: test, val']);
  const held = await openDataset(root, { part: 'test' });
  assert.deepEqual(
    (await collect(held)).map(({ id }) => id),
    ['a/2.jpg'],
  );
  assert.equal(train.fingerprint, (await openDataset(join(root, 'train'))).fingerprint);
});

test('a part that is not there is refused', async (t) => {
  await assert.rejects(openDataset(folderOf(t, pets), { part: 'test' }), failure('ERR_DATA', 'part test'));
});

test('maxItems takes items evenly over the order', async (t) => {
  const files = Object.fromEntries(['a', 'b'].flatMap((c) => [1, 2, 3, 4].map((i) => [`${c}/${i}.jpg`, ''])));
  const set = await openDataset(folderOf(t, files), { maxItems: 4 });
  assert.deepEqual(
    (await collect(set)).map(({ id }) => id),
    ['a/1.jpg', 'a/3.jpg', 'b/1.jpg', 'b/3.jpg'],
  );
  assert.deepEqual(set.notes, ['4 of 8 items, evenly spaced (maxItems)']);
});

test('labelled: false opens images at any depth without labels', async (t) => {
  const set = await openDataset(folderOf(t, { 'x.jpg': '', 'deep/er/y.jpg': '' }), { labelled: false });
  assert.deepEqual(
    (await collect(set)).map(({ id, label }) => [id, label]),
    [
      ['deep/er/y.jpg', null],
      ['x.jpg', null],
    ],
  );
});

test('an empty folder is refused with the layouts expected', async (t) => {
  await assert.rejects(openDataset(folderOf(t, {})), failure('ERR_DATA', 'an empty folder', 'DATA/cat/001.jpg'));
});

test('images without class folders are refused with an example', async (t) => {
  await assert.rejects(
    openDataset(folderOf(t, { 'a.jpg': '', 'b.jpg': '' })),
    failure('ERR_DATA', '2 images and no class folder', 'DATA/cat/001.jpg', 'labelled: false'),
  );
});

test('class folders without images are refused', async (t) => {
  const root = folderOf(t, { 'cat/a.txt': '' });
  mkdirSync(join(root, 'dog'));
  await assert.rejects(openDataset(root), failure('ERR_DATA', 'has no image', '.txt'));
});

test('a path where nothing is, and a file of another kind, are refused', async (t) => {
  const root = folderOf(t, { 'a.bin': 'x' });
  await assert.rejects(openDataset(join(root, 'nope')), failure('ERR_DATA', 'nope', 'ENOENT'));
  await assert.rejects(openDataset(join(root, 'a.bin')), failure('ERR_DATA', 'a file of another kind', 'image'));
});

test('unknown formats and options are refused with near names', async (t) => {
  const root = folderOf(t, pets);
  await assert.rejects(
    openDataset(root, { format: 'image-foldr' }),
    failure('ERR_OPTION', 'Did you mean image-folder?'),
  );
  await assert.rejects(
    openDataset(root, { maxItem: 3 } as object),
    failure('ERR_OPTION', 'image-folder.maxItem', 'Did you mean maxItems?'),
  );
  await assert.rejects(openDataset(root, { label: 'x' }), failure('ERR_OPTION', 'image-folder.label'));
  await assert.rejects(openDataset(root, { maxItems: NaN }), failure('ERR_OPTION', 'NaN'));
});

test('a class with one image is a class', async (t) => {
  const root = folderOf(t, pets);
  mkdirSync(join(root, 'owl'));
  writeFileSync(join(root, 'owl', 'only.jpg'), '');
  assert.deepEqual((await openDataset(root)).classNames, ['cat', 'dog', 'owl']);
});
