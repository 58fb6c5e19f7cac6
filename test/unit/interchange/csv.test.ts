import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readCsv } from '../../../src/interchange/index.js';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'equipoise-csv-'));
});
after(() => rm(dir, { recursive: true }));

async function file(content: string | Uint8Array, name = 'table.csv'): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, content);
  return path;
}

test('quoted fields keep commas, quotes and line breaks, and lines point at where a row starts', async () => {
  // Line 1 header, 2-3 a field with a break in it, 4 blank, 5 the last row.
  const { rows, lines } = await readCsv(await file('id,text\r\n1,"a, ""b""\r\nc"\r\n\r\n2,d\r\n'));
  assert.deepEqual(rows, [
    ['id', 'text'],
    ['1', 'a, "b"\r\nc'],
    ['2', 'd'],
  ]);
  assert.deepEqual(lines, [1, 2, 5]);
});

test('a byte order mark is not part of the first name', async () => {
  const { rows } = await readCsv(await file('\ufeffid,x\n1,2\n'));
  assert.deepEqual(rows[0], ['id', 'x']);
});

test('line endings may be mixed, and the last one may be missing', async () => {
  const { rows, lines } = await readCsv(await file('a,b\r\n1,2\n3,4\r5,6'));
  assert.deepEqual(rows.at(-1), ['5', '6']);
  assert.deepEqual(lines, [1, 2, 3, 4]);
});

test('a file named .gz is unpacked, and one that is not gzip is refused', async () => {
  const { rows } = await readCsv(await file(gzipSync('a,b\n1,2\n'), 'table.csv.gz'));
  assert.deepEqual(rows, [
    ['a', 'b'],
    ['1', '2'],
  ]);
  await assert.rejects(readCsv(await file('a,b\n', 'fake.csv.gz')), {
    code: 'ERR_DATA',
    message: /gzip.*fake\.csv\.gz/,
  });
});

test('the delimiter is found, decimal commas included, and can be set', async () => {
  assert.equal((await readCsv(await file('x\ty\n1\t2,5\n'))).delimiter, '\t');
  const european = await readCsv(await file('x;y\n1,5;2,5\n3,5;4,5\n'));
  assert.deepEqual(european.rows[1], ['1,5', '2,5']);
  assert.deepEqual((await readCsv(await file('word\none\n'))).rows, [['word'], ['one']]);
  assert.deepEqual((await readCsv(await file('a;b,c\n'), { delimiter: ',' })).rows, [['a;b', 'c']]);
});

test('single quotes are quotes only where a whole column is inside them', async () => {
  const { rows, quote } = await readCsv(await file("0.5,'-1'\n0.7,'1'\n"));
  assert.equal(quote, "'");
  assert.deepEqual(rows[0], ['0.5', '-1']);
  assert.deepEqual((await readCsv(await file("text,y\n'tis,1\n'so',2\n"))).rows[2], ["'so'", '2']);
});

test('a quote inside an unquoted field is kept', async () => {
  assert.deepEqual((await readCsv(await file('size,y\n5\'11",1\n'))).rows[1], ['5\'11"', '1']);
});

test('a ragged row is named by its line with both numbers of fields', async () => {
  await assert.rejects(readCsv(await file('a,b,c\n1,2,3\n\n4,5\n')), {
    code: 'ERR_DATA',
    message: /Expected 3 fields in line 4 .* but found 2/,
  });
});

test('an open quote, an empty file, a missing file and bytes that are not UTF-8 are refused', async () => {
  await assert.rejects(readCsv(await file('a,b\n1,"2\n')), { code: 'ERR_DATA', message: /line 2.*quote/is });
  await assert.rejects(readCsv(await file('')), { code: 'ERR_DATA', message: /empty/ });
  await assert.rejects(readCsv(join(dir, 'none.csv')), { code: 'ERR_DATA', message: /none\.csv/ });
  await assert.rejects(readCsv(await file(Buffer.from('caf\xe9,1\n', 'latin1'))), {
    code: 'ERR_DATA',
    message: /UTF-8/,
  });
});

test('unknown options are refused', async () => {
  const path = await file('a,b\n');
  await assert.rejects(readCsv(path, { delimiter: '|' as ',' }), { code: 'ERR_OPTION' });
  await assert.rejects(readCsv(path, { quote: '`' as '"' }), { code: 'ERR_OPTION' });
  await assert.rejects(readCsv(path, { seperator: ',' } as object), { code: 'ERR_OPTION', message: /seperator/ });
});

test('any table that is written with every field quoted is read back', async () => {
  const field = fc.string({ unit: 'grapheme' });
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((n) => fc.array(fc.array(field, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 6 }));
  await fc.assert(
    fc.asyncProperty(table, async (rows) => {
      const text = rows.map((row) => row.map((f) => `"${f.replaceAll('"', '""')}"`).join(',')).join('\n');
      const path = await file(text, 'random.csv');
      assert.deepEqual((await readCsv(path, { delimiter: ',', quote: '"' })).rows, rows);
    }),
    { numRuns: 60 },
  );
});
