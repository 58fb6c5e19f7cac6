import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataset } from '../../../src/dataset/index.js';
import { collect, failure, folderOf } from './temp-folder.js';

test('a list of paths is labelled by folder, and read from where the list lies', async (t) => {
  const folder = folderOf(t, { 'all.txt': 'cat/1.jpg\n./dog/2.jpg\r\n', 'cat/1.jpg': 'x', 'dog/2.jpg': 'yy' });
  const set = await openDataset(join(folder, 'all.txt'));
  const items = await collect(set);
  assert.deepEqual(
    [set.format, set.classNames, set.notes],
    ['path-list', ['cat', 'dog'], ["labels from the files' folders"]],
  );
  assert.deepEqual(
    items.map(({ id, source, label }) => [id, source, label]),
    [
      ['cat/1.jpg', join(folder, 'cat/1.jpg'), 'cat'],
      ['./dog/2.jpg', join(folder, 'dog/2.jpg'), 'dog'],
    ],
  );
});

test('a tab gives the label, and every line must have one then', async (t) => {
  const folder = folderOf(t, {
    'a.lst': 'x/1.png\tred\nx/2.png\tblue\n',
    'b.lst': 'x/1.png\tred\nx/2.png\n',
    'c.list': '\n',
  });
  assert.deepEqual((await openDataset(join(folder, 'a.lst'))).classNames, ['blue', 'red']);
  await assert.rejects(openDataset(join(folder, 'b.lst')), failure('ERR_DATA', 'line 2', 'a tab and LABEL'));
  await assert.rejects(openDataset(join(folder, 'c.list'), { format: 'path-list' }), failure('ERR_DATA', 'found none'));
});

test('a file of the list that changes changes the fingerprint', async (t) => {
  const list = 'cat/1.jpg\ndog/2.jpg\n';
  const open = (one: string) =>
    openDataset(join(folderOf(t, { 'all.txt': list, 'cat/1.jpg': one, 'dog/2.jpg': 'y' }), 'all.txt'));
  assert.notEqual((await open('x')).fingerprint, (await open('xx')).fingerprint);
  assert.equal((await open('x')).fingerprint, (await open('z')).fingerprint);
});
