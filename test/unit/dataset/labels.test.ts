/** Items with any number of labels, from every format that can say which. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { ByteWriter, ParquetWriter, type ColumnSource, type SchemaElement } from 'hyparquet-writer';
import tar from 'tar-stream';
import { concatDatasets, openDataset, type OpenDatasetOptions } from '../../../src/dataset/index.js';
import { collect, failure, folderOf } from './temp-folder.js';

async function open(t: TestContext, name: string, content: string | Uint8Array, options?: OpenDatasetOptions) {
  return openDataset(join(folderOf(t, { [name]: content }), name), options);
}

const labelsIn = async (set: Parameters<typeof collect>[0]) => (await collect(set)).map(({ label }) => label);

test('lists of JSON lines are labels; [] is none of the classes, null is not said', async (t) => {
  const lines = [
    { text: 'one two', labels: ['sea', 'sky'] },
    { text: 'three four', labels: [] },
    { text: 'five six', labels: null },
    { text: 'seven eight', labels: ['sky', 'sky'] },
  ];
  const set = await open(t, 'a.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
  assert.deepEqual([set.targets, set.modality, set.classNames], ['many', 'text', ['sea', 'sky']]);
  assert.deepEqual(await labelsIn(set), [['sea', 'sky'], [], null, ['sky']]);
  assert.ok(set.notes.includes('lists of labels in column "labels"'));
  assert.ok(set.notes.includes('1 rows have no label'));
});

test('a column of one label a row wins over lists, unless the lists are asked for; ids are names', async (t) => {
  const text = '{"a":1,"label":"x","tags":[3,7]}\n{"a":2,"label":"y","tags":[3]}\n';
  const one = await open(t, 'a.jsonl', text);
  assert.deepEqual([one.targets, await labelsIn(one)], ['one', ['x', 'y']]);
  assert.ok(one.notes.includes('columns of lists not read: tags'));
  const two = text.replaceAll('label', 'note').replaceAll(/"[xy]"/g, '4');
  const many = await open(t, 'b.jsonl', two, { label: 'tags' });
  assert.deepEqual([many.targets, await labelsIn(many)], ['many', [['3', '7'], ['3']]]);
  // Lists are no columns of numbers.
  assert.deepEqual(
    many.columns?.map(({ name }) => name),
    ['a', 'note'],
  );
});

test('what is no list of labels is named with its line', async (t) => {
  const broken = (line: string) => open(t, 'a.jsonl', `{"text":"one","labels":["a"]}\n${line}\n`);
  await assert.rejects(broken('{"text":"two","labels":"b"}'), failure('ERR_DATA', 'line 2, key "labels"', '"b"'));
  await assert.rejects(broken('{"text":"two","labels":[["b"]]}'), failure('ERR_DATA', 'line 2', '[["b"]]'));
  await assert.rejects(broken('{"text":"two","labels":["b",""]}'), failure('ERR_DATA', 'line 2'));
  await assert.rejects(broken('{"text":"two","labels":[null]}'), failure('ERR_DATA', 'line 2'));
});

for (const [name, cell] of [
  ['a.csv', ','],
  ['a.tsv', '\t'],
] as const)
  test(`a separator makes lists of the label column of ${name}; an empty cell is none of the classes`, async (t) => {
    const rows = [
      ['a', 'b', 'label'],
      ['1', '2', 'cat | dog'],
      ['3', '4', ''],
      ['5', '6', 'dog'],
    ];
    const text = rows.map((row) => row.join(cell)).join('\n');
    const set = await open(t, name, text, { labelSeparator: '|' });
    assert.deepEqual([set.targets, set.classNames], ['many', ['cat', 'dog']]);
    assert.deepEqual(await labelsIn(set), [['cat', 'dog'], [], ['dog']]);
    assert.ok(set.notes.includes('lists of labels, with "|" between them'));
    assert.equal((await open(t, name, text)).targets, 'one');
    const doubled = text.replace('cat | dog', 'cat || dog');
    await assert.rejects(
      open(t, name, doubled, { labelSeparator: '|' }),
      failure('ERR_DATA', 'line 2, column "label"', 'either side of each "|"'),
    );
    await assert.rejects(open(t, name, text, { labelSeparator: '' }), { code: 'ERR_OPTION' });
  });

test('columns of 1 and 0 are classes, and no columns of numbers', async (t) => {
  const text = 'toxic,x,insult,y\n1,0.5,0,2\n0,0.25,0,3\ntrue,1,1.0,4\n';
  const options = { labelColumns: ['toxic', 'insult'] };
  const set = await open(t, 'a.csv', text, options);
  assert.deepEqual([set.targets, set.classNames], ['many', ['insult', 'toxic']]);
  assert.deepEqual(await labelsIn(set), [['toxic'], [], ['toxic', 'insult']]);
  assert.deepEqual(
    set.columns?.map(({ name }) => name),
    ['x', 'y'],
  );
  assert.ok(set.notes.includes('2 label columns of 1 and 0: toxic, insult'));
  const changed = (from: string, to: string, other: OpenDatasetOptions = options) =>
    open(t, 'a.csv', text.replace(from, to), other);
  await assert.rejects(changed('1,0.5', '2,0.5'), failure('ERR_DATA', 'line 2, column "toxic"', '"2"'));
  await assert.rejects(changed('1,0.5', ',0.5'), failure('ERR_DATA', 'line 2, column "toxic"', '""'));
  await assert.rejects(changed('', '', { labelColumns: ['toxci'] }), failure('ERR_DATA', 'Did you mean toxic'));
  await assert.rejects(changed('', '', { ...options, group: 'toxic' }), failure('ERR_DATA', 'columns of their own'));
  for (const other of [{ label: 'y' }, { labelSeparator: '|' }])
    await assert.rejects(changed('', '', { ...options, ...other }), failure('ERR_OPTION', 'beside labelColumns'));
  await assert.rejects(changed('', '', { ...options, labelled: false }), failure('ERR_OPTION', 'labelled: false'));
});

const optional = { repetition_type: 'OPTIONAL' } as const;
const listOf = (name: string, leaf: Omit<SchemaElement, 'name'>): SchemaElement[] => [
  { name, num_children: 1, converted_type: 'LIST', ...optional },
  { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
  { name: 'element', ...optional, ...leaf },
];

function parquetOf(lists: SchemaElement[], data: unknown[], features?: unknown): Uint8Array {
  const writer = new ByteWriter();
  const schema: SchemaElement[] = [
    { name: 'root', num_children: 2 },
    { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional },
    ...lists,
  ];
  const file = new ParquetWriter({
    writer,
    schema,
    ...(features !== undefined && {
      kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
    }),
  });
  const columns = [
    { name: 'text', data: data.map((_, i) => `text number ${i}`) },
    { name: 'labels', data },
  ] as ColumnSource[];
  void file.write({ columnData: columns, rowGroupSize: 2 });
  void file.finish();
  return writer.getBytes().slice();
}

test('lists of a parquet file are labels, texts or ids with the names that the file describes', async (t) => {
  const texts = listOf('labels', { type: 'BYTE_ARRAY', converted_type: 'UTF8' });
  const set = await open(t, 'a.parquet', parquetOf(texts, [['x', 'y'], ['y'], [], null]));
  assert.deepEqual([set.targets, set.modality], ['many', 'text']);
  assert.deepEqual(await labelsIn(set), [['x', 'y'], ['y'], [], null]);
  const ids = listOf('labels', { type: 'INT32' });
  const names = { names: ['sea', 'sky', 'tree'], _type: 'ClassLabel' };
  for (const described of [{ feature: names, _type: 'Sequence' }, [names]])
    // Of one length for all rows, as embeddings are, and of several.
    for (const data of [
      [
        [0, 1],
        [2, 1],
      ],
      [[0, 1], [2], []],
    ]) {
      const file = parquetOf(ids, data, { labels: described });
      const own = await labelsIn(await open(t, 'b.parquet', file));
      assert.deepEqual(
        own,
        data.map((row) => row.map((id) => names.names[id])),
      );
    }
  assert.deepEqual(await labelsIn(await open(t, 'c.parquet', parquetOf(ids, [[0, 2], []]))), [['0', '2'], []]);
  await assert.rejects(
    open(t, 'd.parquet', parquetOf(texts, [['x'], ['y', null]])),
    failure('ERR_DATA', 'row 1, column "labels"'),
  );
});

test('lists in the .json of an archive are labels; a separator makes lists of its texts', async (t) => {
  const open = async (members: readonly (readonly [string, string])[], options?: OpenDatasetOptions) => {
    const pack = tar.pack();
    for (const [name, content] of members) pack.entry({ name }, content);
    pack.finalize();
    const path = join(folderOf(t, {}), 'a.tar');
    writeFileSync(path, await buffer(pack));
    return openDataset(path, options);
  };
  const texts = [
    ['1.txt', 'one'],
    ['2.txt', 'two'],
  ] as const;
  const listed = await open([...texts, ['1.json', '{"label":["b","a"]}'], ['2.json', '{"label":[]}']]);
  assert.deepEqual([listed.targets, await labelsIn(listed)], ['many', [['b', 'a'], []]]);
  const cls = await open([...texts, ['1.cls', '3;7\n'], ['2.cls', '7']], { labelSeparator: ';' });
  assert.deepEqual(await labelsIn(cls), [['3', '7'], ['7']]);
  await assert.rejects(
    open([...texts, ['1.json', '{"label":["b",{}]}'], ['2.json', '{"label":[]}']]),
    failure('ERR_DATA', 'label of 1', '["b",{}]'),
  );
  await assert.rejects(
    open([...texts, ['1.json', '{"label":["b"]}'], ['2.json', '{"label":"b"}']]),
    failure('ERR_DATA', 'for all items or for none'),
  );
});

test('a list of paths has labels with a separator behind the tab', async (t) => {
  const options = { labelSeparator: ',' };
  const set = await open(t, 'a.lst', 'x/1.png\tred,blue\nx/2.png\t\n', options);
  assert.deepEqual([set.targets, await labelsIn(set)], ['many', [['red', 'blue'], []]]);
  await assert.rejects(open(t, 'b.lst', 'x/1.png\n', options), failure('ERR_DATA', 'line 1', 'a tab and labels'));
  await assert.rejects(open(t, 'c.lst', 'x/1.png\tred,,blue\n', options), failure('ERR_DATA', 'line 1', 'red,,blue'));
});

test('parts of both kinds do not become one set', async (t) => {
  const one = await open(t, 'a.jsonl', '{"text":"x","label":"a"}\n{"text":"y","label":"b"}\n');
  const many = await open(t, 'b.jsonl', '{"text":"x","label":["a"]}\n{"text":"y","label":["b"]}\n');
  const parts = (a: typeof one, b: typeof one) => [
    { part: 'train', dataset: a },
    { part: 'test', dataset: b },
  ];
  assert.equal(concatDatasets(parts(many, many)).dataset.targets, 'many');
  assert.throws(() => concatDatasets(parts(one, many)), failure('ERR_DATA', 'train and test differ'));
});
