import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openDataset, type OpenDatasetOptions } from '../../../src/dataset/index.js';
import { collect, failure, folderOf } from './temp-folder.js';

async function open(t: TestContext, text: string, options?: OpenDatasetOptions, name = 'data.csv') {
  const set = await openDataset(join(folderOf(t, { [name]: text }), name), options);
  return { set, items: await collect(set) };
}

const contents = (items: Awaited<ReturnType<typeof collect>>) =>
  items.map(({ content }) =>
    content.kind === 'row' ? [...content.values] : content.kind === 'text' ? content.text : content,
  );

test('a table of numbers opens with its label column found by name', async (t) => {
  const { set, items } = await open(t, 'a,Class,b\n1,x,2.5\n-3e2,y,.5\n');
  assert.deepEqual([set.format, set.modality, set.classNames], ['csv', 'table', ['x', 'y']]);
  assert.deepEqual(set.columns, [
    { name: 'a', kind: 'numeric' },
    { name: 'b', kind: 'numeric' },
  ]);
  assert.deepEqual(contents(items), [
    [1, 2.5],
    [-300, 0.5],
  ]);
  assert.deepEqual(
    items.map(({ id, label }) => [id, label]),
    [
      ['0', 'x'],
      ['1', 'y'],
    ],
  );
  assert.match(items[1]?.source ?? '', /data\.csv:3$/);
  assert.deepEqual(set.notes, ['header in the first row', 'label column "Class" (2 of 3)']);
});

test('without a header the last column is the label, and quotes around numbers go', async (t) => {
  const { set, items } = await open(t, "0.5,'1.5','-1'\n2,3,'1'\n");
  assert.deepEqual(set.notes, ['no header', 'label column "column 2" (3 of 3)']);
  assert.deepEqual(set.classNames, ['-1', '1']);
  assert.deepEqual(contents(items), [
    [0.5, 1.5],
    [2, 3],
  ]);
});

test('columns are given by name or by index, negative from the end', async (t) => {
  const text = 'kind,a,b,who\nx,1,2,p\ny,3,4,q\n';
  for (const label of ['kind', 0, '0', -4, '-4'])
    assert.deepEqual((await open(t, text, { label, group: 'who' })).set.classNames, ['x', 'y'], String(label));
  const { items } = await open(t, text, { label: 'kind', group: -1 });
  assert.deepEqual(
    items.map(({ group }) => group),
    ['p', 'q'],
  );
});

test('a text column is found by name, or as the only long one', async (t) => {
  const named = await open(t, 'label,text,source\nx,hello,1\ny,"a, b",2\n');
  assert.equal(named.set.modality, 'text');
  assert.deepEqual(contents(named.items), ['hello', 'a, b']);
  assert.ok(named.set.notes.includes('columns not used: source'));
  const unnamed = await open(t, 'x,how far is it\ny,who was that\nx,where is it\n');
  assert.deepEqual(unnamed.set.notes, [
    'no header',
    'text column "column 1" (2 of 2)',
    'label column "column 0" (1 of 2)',
  ]);
});

test('a text keeps the quotes that belong to it', async (t) => {
  const { items } = await open(t, `label,text\nx,'tis the season\ny,'quoted'\nx,"say ""hi"""\n`);
  assert.deepEqual(contents(items), [`'tis the season`, `'quoted'`, 'say "hi"']);
});

test('image paths are taken from where the table lies', async (t) => {
  const root = folderOf(t, { 'set.csv': 'file,label\nimg/a.jpg,x\nimg/b.png,y\n', 'img/a.jpg': '1', 'img/b.png': '' });
  const set = await openDataset(join(root, 'set.csv'));
  const items = await collect(set);
  assert.equal(set.modality, 'image');
  assert.deepEqual(contents(items), [
    { kind: 'image', path: join(root, 'img/a.jpg') },
    { kind: 'image', path: join(root, 'img/b.png') },
  ]);
  const forced = await openDataset(join(root, 'set.csv'), { image: 'file', label: 'label' });
  assert.equal(forced.fingerprint, set.fingerprint);
});

test('a column called id gives the ids', async (t) => {
  const { items } = await open(t, 'id,a,label\nr7,1,x\nr9,2,y\n');
  assert.deepEqual(
    items.map(({ id }) => id),
    ['r7', 'r9'],
  );
  assert.deepEqual(contents(items), [[1], [2]]);
});

test('the row numbers a data frame writes in front are ids and no feature', async (t) => {
  const { set, items } = await open(t, ',a,label\n0,5,x\n1,6,y\n2,7,y\n');
  assert.deepEqual(contents(items), [[5], [6], [7]]);
  assert.ok(set.notes.includes('id column "column 0" (1 of 3)'));
});

test('header yes and no overrule what the first row looks like', async (t) => {
  assert.equal((await open(t, '1,2\n3,4\n5,6\n', { header: 'yes' })).set.count, 2);
  assert.equal((await open(t, 'how far,x\nwho was,y\n', { header: 'no', text: 0, label: 1 })).set.count, 2);
});

test('a tab-separated and a packed table read like the plain one', async (t) => {
  const plain = await open(t, 'a,label\n1,x\n2,y\n');
  const tabs = await open(t, 'a\tlabel\n1\tx\n2\ty\n', {}, 'data.tsv');
  const packed = await openDataset(
    join(folderOf(t, { 'data.csv.gz': gzipSync('a,label\n1,x\n2,y\n') }), 'data.csv.gz'),
  );
  assert.deepEqual(
    [tabs.set.fingerprint, packed.fingerprint, packed.name],
    [plain.set.fingerprint, plain.set.fingerprint, 'data'],
  );
});

test('a folder with train.csv and test.csv opens train', async (t) => {
  const root = folderOf(t, { 'train.csv': 'a,label\n1,x\n2,y\n', 'test.csv': 'a,label\n3,x\n' });
  const set = await openDataset(root);
  assert.deepEqual([set.count, set.companions, set.notes[0]], [2, ['test'], 'opened train.csv; beside it: test.csv']);
  assert.equal((await openDataset(root, { part: 'test' })).count, 1);
});

test('labelled: false reads no label and no label column as a feature', async (t) => {
  const { set, items } = await open(t, 'a,label\n1,x\n2,y\n', { labelled: false });
  assert.deepEqual(
    items.map(({ label }) => label),
    [null, null],
  );
  assert.deepEqual(contents(items), [[1], [2]]);
  assert.deepEqual(set.classNames, []);
});

test('an empty label is no label, and counted', async (t) => {
  const { set, items } = await open(t, 'a,label\n1,x\n2,\n');
  assert.deepEqual(
    items.map(({ label }) => label),
    ['x', null],
  );
  assert.ok(set.notes.includes('1 rows have no label'));
});

test('the fingerprint changes with a value, a label and an id', async (t) => {
  const print = async (text: string) => (await open(t, text)).set.fingerprint;
  const all = await Promise.all(
    ['1,x\n2,y', '1,x\n3,y', '1,x\n2,x', '2,y\n1,x'].map((rows) => print(`a,label\n${rows}\n`)),
  );
  assert.equal(new Set(all).size, 4);
});

test('columns of few words, and those that are named, become one column a level, and notes say so', async (t) => {
  // Levels in the order of class names: 2 before 10; 2.0 is spelled 2.
  const text = 'code,size,colour,label\n10,1.5,red,x\n2,2.5,blue,y\n2.0,3.5,red,x\n10,4.5,blue,y\n';
  const { set, items } = await open(t, text, { categorical: ['code'] });
  const level = (source: string, name: string) => ({ name: `${source}=${name}`, kind: 'one-hot', source, level: name });
  assert.deepEqual(set.columns, [
    level('code', '2'),
    level('code', '10'),
    { name: 'size', kind: 'numeric' },
    level('colour', 'blue'),
    level('colour', 'red'),
  ]);
  assert.deepEqual(contents(items), [
    [0, 1, 1.5, 0, 1],
    [1, 0, 2.5, 1, 0],
    [1, 0, 3.5, 0, 1],
    [0, 1, 4.5, 1, 0],
  ]);
  assert.ok(set.notes.includes('categorical columns, one-hot: code (2 levels), colour (2 levels)'));
});

test('without labels a column of words is read only where it is named', async (t) => {
  const text = 'size,colour,kind\n1,red,x\n2,blue,y\n3,red,x\n4,blue,y\n';
  const { set } = await open(t, text, { labelled: false, categorical: ['colour'] });
  assert.deepEqual(
    set.columns?.map(({ name }) => name),
    ['size', 'colour=blue', 'colour=red'],
  );
  assert.ok(set.notes.includes('columns of words not read: kind'));
});

const refusals: [name: string, text: string, options: OpenDatasetOptions, code: string, ...words: string[]][] = [
  [
    'a missing label column',
    'a,Class\n1,x\n2,y\n',
    { label: 'Clas' },
    'ERR_DATA',
    '"Clas"',
    'Did you mean Class?',
    'Columns: a, Class',
  ],
  ['an index outside the table', 'a,label\n1,x\n', { label: 2 }, 'ERR_DATA', 'from 0 to 1', 'received 2'],
  ['a name that two columns have', 'a,a,label\n1,2,x\n', { group: 'a' }, 'ERR_DATA', 'columns 0 and 1'],
  ['one column in two roles', 'a,label\n1,x\n', { group: 'label', label: 'label' }, 'ERR_DATA', 'label and group'],
  ['a ragged row', 'a,b,label\n1,2,x\n1,x\n', {}, 'ERR_DATA', 'line 3'],
  [
    'text among numbers',
    'a,b,label\n1,2,x\n3,oops,y\n5,6,x\n',
    {},
    'ERR_DATA',
    'line 3',
    '"b"',
    '"oops"',
    'categorical',
  ],
  [
    'a level that is missing',
    'a,b,label\nu,1,x\nu,2,y\n,1,x\n',
    { categorical: ['a'] },
    'ERR_DATA',
    'line 4',
    'a level',
  ],
  ['a label as a category', 'a,label\n1,x\n', { categorical: ['label'] }, 'ERR_DATA', '"label" (2 of 2) is label'],
  ['categories beside texts', 'text,a,label\nho ho,1,x\n', { categorical: ['a'] }, 'ERR_DATA', 'texts alone'],
  ['a category that is no column', 'a,label\n1,x\n', { categorical: ['b'] }, 'ERR_DATA', '"b"', 'Columns: a, label'],
  ['different words in every row', 'a,b,label\n1,p,x\n2,q,y\n3,r,x\n', {}, 'ERR_DATA', '"b"', 'categorical'],
  ['NaN among numbers', 'a,b,label\n1,2,x\nNaN,4,y\n', {}, 'ERR_DATA', 'line 3', '"a"', 'missing value "NaN"'],
  ['an empty cell among numbers', 'a,b,label\n1,2,x\n3,,y\n', {}, 'ERR_DATA', 'line 3', '"b"', 'an empty cell'],
  ['a number beyond float32', 'a,b,label\n1,2,x\n3,1e40,y\n', {}, 'ERR_DATA', '1e40', 'float32'],
  ['duplicate ids', 'id,a,label\nr1,1,x\nr2,2,y\nr1,3,x\n', {}, 'ERR_DATA', '"r1"', 'data.csv:2', 'data.csv:4'],
  ['an empty id', 'id,a,label\nr1,1,x\n,2,y\n', {}, 'ERR_DATA', 'an id', 'line 3'],
  ['an empty group', 'g,a,label\np,1,x\n,2,y\n', { group: 'g' }, 'ERR_DATA', 'a group', 'line 3'],
  ['one column only', 'label\nx\ny\n', {}, 'ERR_DATA', 'at least two columns', '"label"'],
  ['a label and no feature', 'id,label\na,x\nb,y\n', {}, 'ERR_DATA', 'columns of numbers', 'id, label'],
  ['an empty file', '', {}, 'ERR_DATA', 'empty'],
  ['a header alone', 'a,label\n', {}, 'ERR_DATA', 'rows below the header'],
  ['an unknown option', 'a,label\n1,x\n', { lable: 'x' } as object, 'ERR_OPTION', 'csv.lable', 'Did you mean label?'],
  ['a part of one file', 'a,label\n1,x\n', { part: 'test' }, 'ERR_OPTION', 'one file'],
  ['text and image at once', 'a,b,label\n1,2,x\n', { text: 'a', image: 'b' }, 'ERR_DATA', 'received both'],
];
for (const [name, text, options, code, ...words] of refusals)
  test(`${name} is refused`, async (t) => {
    await assert.rejects(open(t, text, options), failure(code, ...words));
  });
