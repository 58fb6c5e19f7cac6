import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { concatDatasets, openDataset } from '../../../src/dataset/index.js';
import { collect, failure, folderOf } from './temp-folder.js';

async function parts(t: TestContext) {
  const root = folderOf(t, { 'train/b/1.jpg': '', 'train/a/1.jpg': '', 'test/a/1.jpg': '', 'test/c/2.jpg': '' });
  const train = await openDataset(root);
  const held = await openDataset(root, { part: 'test' });
  return {
    train,
    held,
    both: concatDatasets([
      { part: 'train', dataset: train },
      { part: 'test', dataset: held },
    ]),
  };
}

test('ids carry their part and classes join in one table', async (t) => {
  const { both } = await parts(t);
  const items = await collect(both.dataset);
  assert.deepEqual(
    items.map(({ id }) => id),
    ['train/a/1.jpg', 'train/b/1.jpg', 'test/a/1.jpg', 'test/c/2.jpg'],
  );
  assert.deepEqual(
    items.map(({ id }) => both.partOf(id)),
    ['train', 'train', 'test', 'test'],
  );
  assert.deepEqual([both.dataset.count, both.dataset.classNames], [4, ['a', 'b', 'c']]);
});

test('a range may begin and end inside parts', async (t) => {
  const { both } = await parts(t);
  const items = await collect(both.dataset);
  for (const [start, end] of [
    [0, 4],
    [1, 3],
    [2, 2],
    [3, 4],
  ] as const)
    assert.deepEqual(await collect(both.dataset, { start, end }), items.slice(start, end));
});

test('the fingerprint tells which part is which', async (t) => {
  const { train, held, both } = await parts(t);
  const swapped = concatDatasets([
    { part: 'train', dataset: held },
    { part: 'test', dataset: train },
  ]);
  assert.notEqual(swapped.dataset.fingerprint, both.dataset.fingerprint);
});

test('parts that do not fit together are refused', async (t) => {
  const { train, both } = await parts(t);
  const root = folderOf(t, { 'x.csv': 'a,label\n1,x\n2,y\n', 'y.csv': 'b,label\n1,x\n2,y\n' });
  const [x, y] = [await openDataset(`${root}/x.csv`), await openDataset(`${root}/y.csv`)];
  const join = (...list: [string, typeof train][]) =>
    concatDatasets(list.map(([part, dataset]) => ({ part, dataset })));
  assert.throws(() => join(['train', train], ['test', x]), failure('ERR_DATA', 'image', 'table'));
  assert.throws(() => join(['train', x], ['test', y]), failure('ERR_DATA', 'column 0 is b in place of a'));
  assert.throws(() => join(['a', x], ['a', x]), failure('ERR_OPTION', 'a name of its own'));
  assert.throws(() => join(['a/b', x]), failure('ERR_OPTION', 'without "/"'));
  assert.throws(() => join(), failure('ERR_OPTION', 'at least one'));
  assert.throws(() => both.partOf('other/1'), failure('ERR_OPTION', 'train/, test/'));
});

test('levels that only one part has get a column in both', async (t) => {
  const root = folderOf(t, {
    'x.csv': 'c,a,label\nred,1,x\nblue,2,y\nred,3,x\nblue,4,y\n',
    'y.csv': 'c,a,label\ngreen,5,x\nred,6,y\ngreen,7,x\nred,8,y\n',
  });
  const [train, held] = [await openDataset(`${root}/x.csv`), await openDataset(`${root}/y.csv`)];
  const { dataset } = concatDatasets([
    { part: 'train', dataset: train },
    { part: 'test', dataset: held },
  ]);
  assert.deepEqual(
    dataset.columns?.map(({ name }) => name),
    ['c=blue', 'c=red', 'c=green', 'a'],
  );
  const rows = (await collect(dataset)).map(({ content }) => (content.kind === 'row' ? [...content.values] : []));
  assert.deepEqual(rows.slice(0, 2), [
    [0, 1, 0, 1],
    [1, 0, 0, 2],
  ]);
  assert.deepEqual(rows.slice(4, 6), [
    [0, 0, 1, 5],
    [0, 1, 0, 6],
  ]);
  assert.ok(dataset.notes.includes('c=green occurs in test and not in train'));

  const twice = folderOf(t, { 'x.csv': 'a,a,c,label\n1,2,p,x\n3,4,p,y\n', 'y.csv': 'a,a,c,label\n1,2,q,x\n3,4,q,y\n' });
  const [left, right] = [await openDataset(`${twice}/x.csv`), await openDataset(`${twice}/y.csv`)];
  const join = (other: typeof left) =>
    concatDatasets([
      { part: 'train', dataset: left },
      { part: 'test', dataset: other },
    ]).dataset;
  assert.throws(() => join(right), failure('ERR_DATA', '"a" occurs twice'));
  assert.equal(join(left).columns?.length, 3);
});
