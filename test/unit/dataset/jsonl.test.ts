import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openDataset, type OpenDatasetOptions } from '../../../src/dataset/index.js';
import { collect, failure, folderOf } from './temp-folder.js';

const open = (t: TestContext, text: string | Uint8Array, options?: OpenDatasetOptions, name = 'data.jsonl') =>
  openDataset(join(folderOf(t, { [name]: text }), name), options);

test('JSON lines open as texts, keys being columns, whatever their order', async (t) => {
  const set = await open(
    t,
    '{"text":"a long sentence, with a comma","label":"x"}\n\n{"label":"y","text":"another\\nof two lines"}\n',
  );
  const items = await collect(set);
  assert.deepEqual([set.format, set.modality, set.classNames], ['jsonl', 'text', ['x', 'y']]);
  assert.deepEqual(
    items.map(({ content, label }) => [content.kind === 'text' && content.text, label]),
    [
      ['a long sentence, with a comma', 'x'],
      ['another\nof two lines', 'y'],
    ],
  );
  // The blank line counts: a person's editor counts it too.
  assert.match(items[1]?.source ?? '', /data\.jsonl:3$/);
});

test('numbers of JSON lines are the columns of a table, exactly', async (t) => {
  const set = await open(t, '{"a":1,"b":0.1,"class":"p"}\n{"a":-2e-3,"b":4,"class":"q"}\n');
  const items = await collect(set);
  assert.deepEqual(
    set.columns?.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(
    items.map(({ content }) => content.kind === 'row' && [...content.values]),
    [
      [1, Math.fround(0.1)],
      [Math.fround(-0.002), 4],
    ],
  );
});

test('lists and objects in JSON lines are passed over and named; packed files open', async (t) => {
  const text =
    '{"text":"one two","label":"x","tags":["t"],"more":{}}\n{"text":"three four","label":"y","tags":["u"],"more":{}}\n';
  const set = await open(t, gzipSync(text), {}, 'data.ndjson.gz');
  assert.ok(set.notes.includes('columns of lists not read: tags'));
  assert.ok(set.notes.includes('keys with objects not read: more'));
  assert.equal(set.count, 2);
});

test('a line that is no JSON object is named', async (t) => {
  await assert.rejects(open(t, '{"a":1,"label":"x"}\n{"a":\n'), failure('ERR_DATA', /line 2 of .*data\.jsonl/));
  await assert.rejects(open(t, '[1,2]\n'), failure('ERR_DATA', 'line 1', 'received [1,2]'));
  // A key that a row lacks is an empty cell, and an empty cell is no number.
  await assert.rejects(
    open(t, '{"a":1,"label":"x"}\n{"label":"y"}\n'),
    failure('ERR_DATA', 'line 2, column "a"', 'empty'),
  );
});

test('a gzip bomb is refused before it fills memory', async (t) => {
  // 300 MiB of blanks pack to about 300 KB: 1,000 times, where text packs 3 to 50 times.
  const bomb = gzipSync(Buffer.alloc(300 * 2 ** 20, 0x20));
  await assert.rejects(open(t, bomb, {}, 'bomb.jsonl.gz'), failure('ERR_DATA', 'unpacks to more', 'gunzip'));
});
