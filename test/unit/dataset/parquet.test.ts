import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ByteWriter, ParquetWriter, type ColumnSource, type SchemaElement } from 'hyparquet-writer';
import { openDataset } from '../../../src/dataset/index.js';
import { collect, failure, folderOf } from './temp-folder.js';

/** A file with `perGroup` rows in each row group. */
function parquet(
  schema: SchemaElement[],
  columnData: ColumnSource[],
  { perGroup = 2, features }: { perGroup?: number; features?: unknown } = {},
): Uint8Array {
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema,
    codec: 'SNAPPY',
    ...(features !== undefined && {
      kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
    }),
  });
  void file.write({ columnData, rowGroupSize: perGroup });
  void file.finish();
  return writer.getBytes().slice();
}

const optional = { repetition_type: 'OPTIONAL' } as const;
const text = (name: string): SchemaElement => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional });
const imageSchema: SchemaElement[] = [
  { name: 'root', num_children: 2 },
  { name: 'image', num_children: 2, ...optional },
  { name: 'bytes', type: 'BYTE_ARRAY', ...optional },
  text('path'),
  { name: 'label', type: 'INT64', ...optional },
];
const jpeg = (n: number) => Uint8Array.of(0xff, 0xd8, 0xff, n);

function open(t: TestContext, files: Readonly<Record<string, Uint8Array>>, path = '') {
  return openDataset(join(folderOf(t, files), path));
}

test('a parquet file of texts opens by the names of its columns', async (t) => {
  const bytes = parquet(
    [{ name: 'root', num_children: 2 }, text('text'), text('label')],
    [
      { name: 'text', data: ['good film', 'bad film', 'no film'] },
      { name: 'label', data: ['pos', 'neg', null] },
    ],
  );
  const set = await open(t, { 'a.parquet': bytes }, 'a.parquet');
  assert.deepEqual([set.format, set.modality, set.classNames], ['parquet', 'text', ['neg', 'pos']]);
  assert.deepEqual(
    (await collect(set)).map(({ content, label }) => [content.kind === 'text' && content.text, label]),
    [
      ['good film', 'pos'],
      ['bad film', 'neg'],
      ['no film', null],
    ],
  );
});

test('images inside a parquet file are read by row group, labels named by its own description', async (t) => {
  const bytes = parquet(
    imageSchema,
    [
      { name: 'image', data: [0, 1, 2, 3, 4].map((n) => ({ bytes: jpeg(n), path: `${n}.jpg` })) },
      { name: 'label', data: [1n, 0n, 1n, 0n, 1n] },
    ],
    { features: { label: { names: ['cat', 'dog'], _type: 'ClassLabel' } } },
  );
  const set = await open(t, { 'a.parquet': bytes }, 'a.parquet');
  assert.deepEqual([set.modality, set.classNames], ['image', ['cat', 'dog']]);
  assert.ok(set.notes.includes('image column "image" (files inside the table)'));
  const items = await collect(set, { start: 1, end: 4 });
  assert.deepEqual(
    items.map(({ content, label, id }) => [content.kind === 'encoded-image' && content.bytes[3], label, id]),
    [
      [1, 'cat', '1'],
      [2, 'dog', '2'],
      [3, 'cat', '3'],
    ],
  );
});

test('numbered pieces of one table are one dataset, the part beside it a companion', async (t) => {
  const piece = (from: number) =>
    parquet(imageSchema, [
      { name: 'image', data: [from, from + 1].map((n) => ({ bytes: jpeg(n), path: null })) },
      { name: 'label', data: [0n, 1n] },
    ]);
  const set = await open(t, {
    'train-00000-of-00002.parquet': piece(0),
    'train-00001-of-00002.parquet': piece(2),
    'test-00000-of-00001.parquet': piece(8),
  });
  assert.deepEqual(set.companions, ['test']);
  assert.deepEqual(
    (await collect(set)).map(({ content }) => content.kind === 'encoded-image' && content.bytes[3]),
    [0, 1, 2, 3],
  );
});

test('a damaged parquet file is refused, and pieces of other columns', async (t) => {
  const bytes = parquet(
    [{ name: 'root', num_children: 2 }, text('text'), text('label')],
    [
      { name: 'text', data: ['a b', 'c d'] },
      { name: 'label', data: ['x', 'y'] },
    ],
  );
  const other = parquet([{ name: 'root', num_children: 1 }, text('label')], [{ name: 'label', data: ['x', 'y'] }]);
  const folder = folderOf(t, { 'train-00000-of-00002.parquet': bytes, 'train-00001-of-00002.parquet': other });
  await assert.rejects(openDataset(folder), failure('ERR_DATA', 'columns'));
  const cut = join(folder, 'cut.parquet');
  writeFileSync(cut, bytes.subarray(0, bytes.length - 9));
  await assert.rejects(openDataset(cut), failure('ERR_DATA', 'cut.parquet', 'Write the file again'));
});
