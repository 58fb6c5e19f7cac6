import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import {
  exportEmbeddings,
  importEmbeddings,
  interchangeFormats,
  readNpy,
  readSafetensors,
  writeNpy,
  type ImportOptions,
} from '../../../src/interchange/index.js';
import { openForeignTable } from '../../../src/interchange/foreign-table.js';
import { encodeArrow, writeStore, type EmbeddingStore } from '../../../src/store/index.js';

let root: string;
let made = 0;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'equipoise-interchange-'));
});
after(() => rm(root, { recursive: true }));

const fresh = (name: string): string => join(root, `${made++}-${name}`);

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = fresh(name);
  await writeFile(path, content);
  return path;
}

const importTo = (source: string, options: Partial<ImportOptions> = {}): Promise<EmbeddingStore> =>
  importEmbeddings(source, { out: fresh('store'), ...options });

/** A header as numpy writes it, version 1. */
function npy(header: string, data: Uint8Array): Buffer {
  const text = `${header.padEnd(117)}\n`;
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Uint8Array.of(text.length, 0),
    Buffer.from(text),
    data,
  ]);
}

const npyOf = (descr: string, shape: string, data: Uint8Array, fortran = 'False'): Buffer =>
  npy(`{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`, data);

const bytesOf = (values: Float32Array | Float64Array | Uint16Array | BigInt64Array | Uint32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function safetensors(header: unknown, data: Uint8Array): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

// 0.1 has no short binary form and 3e-42 is subnormal: both must survive text and back.
const numbers = Float32Array.of(0, -1, 0.1, 3e-42, 65504, 1 / 3);

async function sampleStore(columns = false): Promise<EmbeddingStore> {
  const rows = [
    { id: 'a,1', source: 's0', label: 'dog', group: 'g "1"', weight: 0.5 },
    { id: 'b', source: 's1', label: null },
    { id: 'c\n2', source: 's2', label: 'cat', weight: 2 },
  ];
  return writeStore(
    fresh('sample'),
    {
      embeddings: { data: numbers, rows: 3, cols: 2 },
      rows,
      classNames: ['dog', 'cat'],
      ...(columns && { columns: ['height', 'weight, kg'].map((name) => ({ name, kind: 'numeric' as const })) }),
    },
    { shardRows: 2 },
  );
}

for (const to of interchangeFormats)
  test(`numbers, ids, labels, groups and weights survive ${to} there and back`, async () => {
    const store = await sampleStore();
    const path = fresh(`out.${to}`);
    const { files, rows } = await exportEmbeddings(store, { to, path });
    assert.equal(rows, 3);
    const back = await importTo(path, {
      classNames: ['dog', 'cat'],
      ...(to === 'npy' && { labels: files[1] as string }),
    });
    const windows = [];
    for await (const { embeddings } of back.windows()) windows.push(...embeddings.data);
    assert.deepEqual(Float32Array.from(windows), numbers);
    const keeps = ['id', 'label', 'group', 'weight'];
    const known = (rows: readonly object[]): unknown =>
      rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => keeps.includes(name))));
    assert.deepEqual(known(await back.rows()), known(await store.rows()));
    assert.deepEqual(back.classNames, ['dog', 'cat']);
    assert.equal(back.manifest.columns, null);
    await assert.rejects(exportEmbeddings(store, { to, path }), { code: 'ERR_OPTION', message: /--overwrite/ });
    await exportEmbeddings(store, { to, path, overwrite: true });
  });

for (const to of ['csv', 'parquet'] as const)
  test(`the columns of a table keep their names through ${to}`, async () => {
    const path = fresh(`table.${to}`);
    await exportEmbeddings(await sampleStore(true), { to, path });
    const { columns } = (await importTo(path)).manifest;
    assert.deepEqual(
      columns?.map((column) => column.name),
      ['height', 'weight, kg'],
    );
  });

test('npy of either byte order, either storage order and several dtypes reads as the same rows', async () => {
  // [[1, 2, 3], [4, 5, 6]]; Fortran order stores columns: 1 4 2 5 3 6. 0x3c00 = 1 … 0x4600 = 6 in halves.
  const rows = [1, 2, 3, 4, 5, 6];
  const bigEndian = Buffer.alloc(48);
  rows.forEach((value, i) => bigEndian.writeDoubleBE(value, i * 8));
  const cases: [string, Uint8Array, string?][] = [
    ['<f4', bytesOf(Float32Array.from(rows))],
    ['>f8', bigEndian],
    ['<f4', bytesOf(Float32Array.of(1, 4, 2, 5, 3, 6)), 'True'],
    ['<f2', bytesOf(Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600))],
    ['<i8', bytesOf(BigInt64Array.from(rows, BigInt))],
    ['|u1', Uint8Array.from(rows)],
  ];
  for (const [descr, data, fortran] of cases) {
    const array = await readNpy(await file('x.npy', npyOf(descr, '(2, 3)', data, fortran)));
    assert.deepEqual([[...array.data], array.shape], [rows, [2, 3]], `${descr} ${fortran}`);
  }
});

test('an array written for numpy starts its numbers at a multiple of 64 bytes', async () => {
  const path = fresh('x.npy');
  await writeNpy(path, { data: numbers, shape: [3, 2] });
  const bytes = await readFile(path);
  assert.equal(bytes.subarray(0, 8).toString('latin1'), '\x93NUMPY\x01\x00');
  assert.equal((10 + bytes.readUInt16LE(8)) % 64, 0);
  assert.match(bytes.toString('latin1'), /\{'descr': '<f4', 'fortran_order': False, 'shape': \(3, 2\), \}\s+\n/);
  assert.deepEqual((await readNpy(path)).data, numbers);
});

test('npy that lies about its size, is pickled, structured or cut short is refused', async () => {
  const data = bytesOf(numbers);
  const refused = async (content: Uint8Array, message: RegExp): Promise<void> =>
    assert.rejects(importTo(await file('bad.npy', content)), { code: 'ERR_DATA', message });
  await refused(npyOf('<f4', '(4, 2)', data), /24 bytes of data but its header promises \(4, 2\) of <f4, 32/);
  await refused(npyOf('<f4', '(9007199254740991, 9007199254740991)', data), /shape/);
  await refused(npyOf('<f4', '(2, 2)', data), /24 bytes of data/);
  await refused(npyOf('|O', '(3, 2)', data), /pickled.*refused/);
  await refused(npyOf('<c8', '(3, 1)', data), /dtype <c8/);
  await refused(npy(`{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }`, data), /named fields/);
  await refused(npy('nothing here', data), /header is not one/);
  await refused(npyOf('<f4', '(6,)', data), /\(rows, columns\)/);
  await refused(npyOf('<f4', '(0, 2)', new Uint8Array(0)), /\(rows, columns\)/);
  await refused(npyOf('<f4', '(3, 2)', data).subarray(0, 60), /header of 118 bytes is longer than the file/);
  await refused(Buffer.from('PK\x03\x04 a zip'), /does not begin as one/);
  await refused(new Uint8Array(0), /does not begin as one/);
});

test('labels beside an array may be ids, text, JSON, lines or a table', async () => {
  const source = await file('x.npy', npyOf('<f4', '(3, 2)', bytesOf(numbers)));
  const text = Uint32Array.from('no\0yesno\0', (char) => char.codePointAt(0) as number);
  const cases: [string, string | Uint8Array][] = [
    ['y.npy', npyOf('<i8', '(3,)', bytesOf(BigInt64Array.of(0n, 1n, 0n)))],
    ['y.npy', npyOf('<U3', '(3,)', bytesOf(text))],
    ['y.txt', 'no\nyes\nno\n'],
    ['y.csv', 'no\nyes\nno\n'],
    ['y.csv', 'label,id\nno,a\nyes,b\nno,c\n'],
    ['y.json', '["no","yes","no"]'],
    ['y.json', '{"labels":[0,1,0],"classNames":["no","yes"]}'],
  ];
  for (const [name, content] of cases) {
    const isIds = name === 'y.npy' && content.length < 160;
    const store = await importTo(source, {
      labels: await file(name, content),
      ...(isIds && { classNames: ['no', 'yes'] }),
    });
    assert.deepEqual(
      (await store.rows()).map((row) => row.label),
      ['no', 'yes', 'no'],
      `${name} ${String(content)}`,
    );
  }
  const short = await file('y.txt', 'no\nyes\n');
  await assert.rejects(importTo(source, { labels: short }), { code: 'ERR_SHAPE', message: /2 labels .* 3 rows/ });
  const ids = await file('y.json', '[0, 1, 2]');
  await assert.rejects(importTo(source, { labels: ids, classNames: ['no', 'yes'] }), {
    code: 'ERR_DATA',
    message: /Row 2 .* class id 2/,
  });
  const names = await file('y.json', '["no", "yes", "maybe"]');
  await assert.rejects(importTo(source, { labels: names, classNames: ['no', 'yes'] }), { message: /"maybe"/ });
  await assert.rejects(importTo(source, { labels: await file('y.json', '{') }), { code: 'ERR_DATA' });
  await assert.rejects(importTo(source, { labels: await file('y.pkl', '') }), { code: 'ERR_OPTION' });
});

test('rows with any number of labels go out and come back', async () => {
  const source = await file('x.npy', npyOf('<f4', '(3, 2)', bytesOf(numbers)));
  const labels = await file('y.csv', 'id,label\na,no; yes\nb,\nc,yes\n');
  const wanted = [['no', 'yes'], [], ['yes']];
  const store = await importTo(source, { labels, labelSeparator: ';' });
  assert.deepEqual(store.classNames, ['no', 'yes']);
  const labelsOf = async (from: EmbeddingStore) => (await from.rows()).map(({ label }) => label);
  assert.deepEqual(await labelsOf(store), wanted);
  for (const to of ['csv', 'parquet', 'npy'] as const) {
    const path = fresh(`x.${to}`);
    const { files } = await exportEmbeddings(store, { to, path });
    const beside = to === 'npy' ? { labels: files[1] as string } : {};
    assert.deepEqual(await labelsOf(await importTo(path, { ...beside, labelSeparator: ';' })), wanted, to);
  }
  await exportEmbeddings(store, { to: 'arrow', path: fresh('x.arrow') });
  for (const to of ['safetensors', 'npz'] as const)
    await assert.rejects(exportEmbeddings(store, { to, path: fresh(`x.${to}`) }), {
      code: 'ERR_OPTION',
      message: /one label a row/,
    });
  await store.updateRows(new Map([['a', { label: ['a;b'] }]]));
  await assert.rejects(exportEmbeddings(store, { to: 'csv', path: fresh('x.csv') }), {
    code: 'ERR_DATA',
    message: /"a;b".*Export to arrow/,
  });
});

test('class ids without a table name themselves', async () => {
  const source = await file('x.npy', npyOf('<f4', '(3, 2)', bytesOf(numbers)));
  const store = await importTo(source, { labels: await file('y.json', '[10, 2, 10]') });
  assert.deepEqual(store.classNames, ['2', '10']);
});

test('labels −1 and 1 are two classes; beside others, or where a table names the classes, −1 is none', async () => {
  const x = await file('x.npy', npyOf('<f4', '(3, 1)', bytesOf(Float32Array.of(1, 2, 3))));
  const labelled = async (ids: bigint[], options: Partial<ImportOptions> = {}) => {
    const labels = await file('y.npy', npyOf('<i8', '(3,)', bytesOf(BigInt64Array.from(ids))));
    return (await (await importTo(x, { labels, ...options })).rows()).map(({ label }) => label);
  };
  assert.deepEqual(await labelled([-1n, 1n, -1n]), ['-1', '1', '-1']);
  assert.deepEqual(await labelled([-1n, 1n, 0n]), [null, '1', '0']);
  assert.deepEqual(await labelled([-1n, 1n, 1n], { classNames: ['a', 'b'] }), [null, 'b', 'b']);
});

test('a table of numbers without a line of names is refused, not read without its first row', async () => {
  await assert.rejects(importTo(await file('x.csv', '0.5,1\n0.25,2\n')), {
    code: 'ERR_DATA',
    message:
      /Expected the names of the columns in line 1 of .* but found numbers: 0\.5, 1\. Put a line of names in front/,
  });
  // What data frames call columns that have no name.
  assert.equal((await importTo(await file('x.csv', '0,1,label\n0.5,1,a\n0.25,2,b\n'))).count, 2);
});

test('an array without labels makes a store whose rows can be labelled later', async () => {
  const store = await importTo(await file('x.npy', npyOf('<f4', '(3, 2)', bytesOf(numbers))));
  assert.deepEqual(
    (await store.rows()).map((row) => row.label),
    [null, null, null],
  );
});

test('NaN in any format stops at the door and no store is left', async () => {
  const data = Float32Array.of(1, 2, 3, NaN);
  const table = { id: { kind: 'utf8', values: ['p', 'q'] }, v: { kind: 'vectors', values: data, width: 2 } } as const;
  const arrow: Uint8Array[] = [];
  for await (const chunk of encodeArrow(2, table)) arrow.push(chunk);
  const tensor = { embeddings: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] } };
  const sources = [
    await file('x.npy', npyOf('<f4', '(2, 2)', bytesOf(data))),
    await file('x.safetensors', safetensors(tensor, bytesOf(data))),
    await file('x.arrow', Buffer.concat(arrow)),
  ];
  for (const source of sources) {
    const out = fresh('none');
    await assert.rejects(importEmbeddings(source, { out }), { code: 'ERR_DATA', message: /non-finite.*column 1/ });
    assert.equal(await stat(out).catch(() => 'absent'), 'absent');
  }
  await assert.rejects(importTo(await file('x.csv', 'a,b\n1,2\n3,NaN\n')), {
    code: 'ERR_DATA',
    message: /column "b" of .*x\.csv:3 but found "NaN"/,
  });
});

test('float64 beyond float32 is refused, not turned into infinity', async () => {
  const source = await file('x.npy', npyOf('<f8', '(1, 2)', bytesOf(Float64Array.of(1, 1e300))));
  await assert.rejects(importTo(source), { code: 'ERR_DATA', message: /non-finite/ });
});

test('safetensors with half and brain floats are widened, and the tensor can be named', async () => {
  // Halves 1, -2; brain floats 1 = 0x3f80, 3 = 0x4040.
  const data = bytesOf(Uint16Array.of(0x3c00, 0xc000, 0x3f80, 0x4040));
  const header = {
    h: { dtype: 'F16', shape: [1, 2], data_offsets: [0, 4] },
    b: { dtype: 'BF16', shape: [2, 1], data_offsets: [4, 8] },
  };
  const path = await file('x.safetensors', safetensors(header, data));
  const tensors = await readSafetensors(path);
  assert.deepEqual([...(await tensors.read('h')).data], [1, -2]);
  assert.deepEqual([...(await tensors.read('b')).data], [1, 3]);
  await assert.rejects(importTo(path), { code: 'ERR_DATA', message: /it has h, b.*option embedding/ });
  assert.equal((await importTo(path, { embedding: 'b' })).count, 2);
});

test('safetensors headers that are too long, no JSON, overlap, leave holes or do not fit are refused', async () => {
  const data = new Uint8Array(16);
  const tensor = (begin: number, end: number, shape = [2]): object => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });
  const refused = async (content: Uint8Array, message: RegExp): Promise<void> =>
    assert.rejects(importTo(await file('bad.safetensors', content)), { code: 'ERR_DATA', message });
  const huge = safetensors('{}', data);
  huge.writeBigUInt64LE(2n ** 40n);
  await refused(huge, /header claims 1099511627776 bytes/);
  await refused(safetensors('{"a":', data), /no JSON/);
  await refused(safetensors('[1]', data), /no JSON object/);
  await refused(safetensors({ a: tensor(0, 8), b: tensor(4, 12) }, data), /"b" begins at byte 4, not 8/);
  await refused(safetensors({ a: tensor(0, 8) }, data), /end at byte/);
  await refused(safetensors({ a: tensor(8, 16) }, data), /hole/);
  await refused(safetensors({ a: tensor(0, 16) }, data), /cannot lie at bytes 0 to 16/);
  await refused(safetensors({ a: { dtype: 'F32', shape: [-2], data_offsets: [0, 16] } }, data), /not described/);
  await refused(Buffer.from('short'), /5 bytes/);
});

test('columns of words, and those that are named, become one column a level', async () => {
  const path = await file('x.csv', 'x,colour,zip,label\n1,red,10,a\n2,blue,9,b\n3,red,9,a\n4,blue,10,b\n');
  const store = await importTo(path, { categorical: ['zip'] });
  const level = (source: string, name: string) => ({ name: `${source}=${name}`, kind: 'one-hot', source, level: name });
  assert.deepEqual(store.manifest.columns, [
    { name: 'x', kind: 'numeric' },
    level('colour', 'blue'),
    level('colour', 'red'),
    level('zip', '9'),
    level('zip', '10'),
  ]);
  const { embeddings } = await store.read();
  assert.deepEqual([...embeddings.data.subarray(0, 10)], [1, 0, 1, 0, 1, 2, 1, 0, 1, 0]);
  await assert.rejects(importTo(path, { categorical: ['zap'] }), { code: 'ERR_OPTION', message: /Did you mean zip/ });
  await assert.rejects(importTo(path, { categorical: 'zip' as unknown as string[] }), { code: 'ERR_OPTION' });
  const holes = await file('x.csv', 'x,colour,label\n1,red,a\n2,,b\n3,red,a\n');
  await assert.rejects(importTo(holes, { categorical: ['colour'] }), { code: 'ERR_DATA', message: /x\.csv:3.*empty/ });
});

test('a table file takes its columns by name and says what it cannot use', async () => {
  const text = 'name,colour,x,y\np,red,1,2\nq,blue,3,4\n';
  const path = await file('x.csv', text);
  const store = await importTo(path, { id: 'name', label: 'colour' });
  assert.deepEqual(
    (await store.rows()).map(({ id, label, source }) => [id, label, source]),
    [
      ['p', 'red', `${path}:2`],
      ['q', 'blue', `${path}:3`],
    ],
  );
  await assert.rejects(importTo(path, { id: 'name' }), { code: 'ERR_DATA', message: /"colour".*holds no numbers/ });
  await assert.rejects(importTo(path, { id: 'nom', label: 'colour' }), {
    code: 'ERR_DATA',
    message: /no column "nom"/,
  });
  const ragged = await file('x.csv', 'x,y\n1,2\n3\n');
  await assert.rejects(importTo(ragged), { code: 'ERR_DATA', message: /Expected 2 fields in line 3 .* found 1/ });
  const word = await file('x.csv', 'x,y\n1,2\n3,four\n');
  await assert.rejects(importTo(word), { code: 'ERR_DATA', message: /x\.csv:3 but found "four"/ });
  const twice = await file('x.csv', 'id,x\na,1\na,2\n');
  await assert.rejects(importTo(twice), { code: 'ERR_DATA', message: /"a" occurs more than once/ });
});

test('damaged arrow and parquet files are refused', async () => {
  const store = await sampleStore();
  for (const to of ['arrow', 'parquet'] as const) {
    const path = fresh(`x.${to}`);
    await exportEmbeddings(store, { to, path });
    const bytes = await readFile(path);
    for (const content of [
      new Uint8Array(0),
      Buffer.from('garbage, not a table'),
      bytes.subarray(0, bytes.length - 20),
    ])
      await assert.rejects(importTo(await file(`bad.${to}`, content)), { code: 'ERR_DATA', message: /bad\./ });
  }
  const lists = parquetWriteBuffer({ columnData: [{ name: 'embedding', data: [[1, 2], [3]] }] });
  await assert.rejects(importTo(await file('x.parquet', new Uint8Array(lists))), {
    code: 'ERR_DATA',
    message: /row 1/,
  });
  const flat = parquetWriteBuffer({
    columnData: [
      { name: 'x', data: Float64Array.of(1, 2), type: 'DOUBLE' },
      { name: 'label', data: Int32Array.of(7, 8), type: 'INT32' },
    ],
  });
  assert.deepEqual((await importTo(await file('x.parquet', new Uint8Array(flat)))).classNames, ['7', '8']);
});

test('parquet packed with gzip, brotli and, where this Node.js can, zstd is read; a page that unpacks to more than it says is not', async () => {
  const zstd = (zlib as { zstdCompressSync?: (bytes: Uint8Array) => Buffer }).zstdCompressSync;
  const x = { name: 'x', data: Float64Array.from({ length: 500 }, (_, i) => i), type: 'DOUBLE' } as const;
  const packed = (codec: 'GZIP' | 'BROTLI' | 'ZSTD', pack: (bytes: Uint8Array) => Uint8Array) =>
    file('x.parquet', new Uint8Array(parquetWriteBuffer({ columnData: [x], codec, compressors: { [codec]: pack } })));
  for (const path of [
    await packed('GZIP', (bytes) => zlib.gzipSync(bytes)),
    await packed('BROTLI', (bytes) => zlib.brotliCompressSync(bytes)),
    ...(zstd ? [await packed('ZSTD', zstd)] : []),
  ])
    assert.deepEqual((await (await importTo(path)).rows()).length, 500);
  if (!zstd)
    await assert.rejects(importTo(await packed('ZSTD', (bytes) => bytes)), {
      code: 'ERR_DATA',
      message: /compressed with zstd, which Node\.js reads from 22\.15 on/,
    });
  const bomb = zlib.gzipSync(new Uint8Array(2 ** 26));
  await assert.rejects(importTo(await packed('GZIP', () => bomb)), { code: 'ERR_DATA', message: /larger than/ });
});

test('an array file with one byte changed is read or refused with ERR_DATA, never crashes', async () => {
  const originals = new Map<string, Buffer>();
  for (const to of ['npy', 'safetensors'] as const) {
    const path = fresh(`x.${to}`);
    await exportEmbeddings(await sampleStore(), { to, path });
    originals.set(to, await readFile(path));
  }
  const formats = fc.constantFrom(...originals.keys());
  await fc.assert(
    fc.asyncProperty(formats, fc.nat(), fc.integer({ min: 1, max: 255 }), async (to, at, flip) => {
      const bytes = Buffer.from(originals.get(to) as Buffer);
      const where = at % bytes.length;
      bytes[where] = (bytes[where] as number) ^ flip;
      await importTo(await file(`fuzz.${to}`, bytes)).catch((error: { code?: string }) => {
        if (!['ERR_DATA', 'ERR_SHAPE'].includes(error.code ?? '')) throw error;
      });
    }),
    { numRuns: 100 },
  );
});

test('a damaged table on which its decoder never ends is given up', async () => {
  const path = fresh('x.arrow');
  await exportEmbeddings(await sampleStore(), { to: 'arrow', path });
  const bytes = await readFile(path);
  // The mark at byte 8 becomes a length of −2: the decoder goes back instead of on, for ever.
  bytes[8] = 0xfe;
  await assert.rejects(openForeignTable(await file('loop.arrow', bytes), 'arrow', 1000), {
    code: 'ERR_DATA',
    message: /loop\.arrow .*damaged/,
  });
});

test('options that a format has no use for are refused', async () => {
  const source = await file('x.npy', npyOf('<f4', '(3, 2)', bytesOf(numbers)));
  await assert.rejects(importTo(source, { label: 'y' }), { code: 'ERR_OPTION', message: /import\.label .* npy/ });
  await assert.rejects(importTo(source, { lable: 'y' } as object), { code: 'ERR_OPTION', message: /import\.lable/ });
  await assert.rejects(importTo(await file('x.mat', '')), { code: 'ERR_OPTION', message: /\.npy/ });
  await assert.rejects(importTo(source, { format: 'numpy' as 'npy' }), { code: 'ERR_OPTION', message: /npy/ });
  const store = await sampleStore();
  await assert.rejects(exportEmbeddings(store, { to: 'pdf' as 'csv', path: 'x' }), { code: 'ERR_OPTION' });
  await assert.rejects(exportEmbeddings(await sampleStore(), { to: 'csv', path: 'x.csv.gz' }), { code: 'ERR_OPTION' });
});
