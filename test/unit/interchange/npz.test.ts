import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { ZipFile } from 'yazl';
import { exportEmbeddings, importEmbeddings, readNpz } from '../../../src/interchange/index.js';
import { writeStore } from '../../../src/store/index.js';
import { failure } from '../dataset/temp-folder.js';

let root: string;
let made = 0;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'equipoise-npz-test-'));
});
after(() => rm(root, { recursive: true }));
const fresh = (name: string) => join(root, `${made++}-${name}`);

/** An .npy file of format version 1. */
function npy(descr: string, shape: string, data: Uint8Array): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + '\n';
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Uint8Array.of(118, 0), Buffer.from(header), data]);
}

async function archive(arrays: Readonly<Record<string, Buffer>>, compress = true): Promise<string> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(arrays)) zip.addBuffer(bytes, name, { compress });
  zip.end();
  const path = fresh('a.npz');
  await writeFile(path, await buffer(zip.outputStream as NodeJS.ReadableStream));
  return path;
}

const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);
const bigEndian = Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]);

test('an npz archive, packed or not, gives embeddings, labels by class id and ids', async () => {
  for (const compress of [true, false]) {
    const path = await archive(
      {
        'X.npy': npy('<f4', '(2, 3)', floats(1, 2, 3, 4, 5, 6)),
        // Class ids 1 and 0 in big-endian order.
        'y.npy': npy('>i4', '(2,)', bigEndian),
        'class_names.npy': npy('<U1', '(2,)', Buffer.from(Uint32Array.of(0x61, 0xe9).buffer)),
        'notes.txt': Buffer.from('no array'),
      },
      compress,
    );
    const store = await importEmbeddings(path, { out: fresh('store') });
    const rows = await store.rows();
    assert.deepEqual(
      rows.map(({ id, label }) => [id, label]),
      [
        ['0', 'é'],
        ['1', 'a'],
      ],
    );
    assert.deepEqual([...(await store.read()).embeddings.data], [1, 2, 3, 4, 5, 6]);
  }
});

test('an exported npz has the same bytes each time, and comes back whole', async () => {
  const store = await writeStore(
    fresh('sample'),
    {
      embeddings: { data: Float32Array.of(0.1, -3e-42, 65504, 0), rows: 2, cols: 2 },
      rows: [
        { id: 'ünï', source: 's', label: 'b' },
        { id: 'x', source: 's', label: null },
      ],
      classNames: ['b', 'a'],
    },
    {},
  );
  const paths = [fresh('a.npz'), fresh('b.npz')];
  for (const path of paths) await exportEmbeddings(store, { to: 'npz', path });
  const [first, second] = await Promise.all(paths.map((path) => readFile(path)));
  assert.deepEqual(first, second);
  const back = await importEmbeddings(paths[0] as string, { out: fresh('store') });
  const numbers: number[] = [];
  for await (const { embeddings } of back.windows()) numbers.push(...embeddings.data);
  assert.deepEqual(numbers, [...Float32Array.of(0.1, -3e-42, 65504, 0)]);
  assert.deepEqual(
    (await back.rows()).map(({ id, label }) => [id, label]),
    [
      ['ünï', 'b'],
      ['x', null],
    ],
  );
  assert.deepEqual(back.classNames, ['b', 'a']);
});

test('archives that are cut, bombs, pickles and repeats are refused', async () => {
  const sound = { 'x.npy': npy('<f4', '(1, 2)', floats(1, 2)) };
  const path = await archive(sound);
  const bytes = await readFile(path);
  const cut = fresh('cut.npz');
  await writeFile(cut, bytes.subarray(0, bytes.length - 30));
  await assert.rejects(readNpz(cut), failure('ERR_DATA', 'cut.npz', 'numpy.savez'));
  // 300 MiB of zeros pack 1,000 times; the directory already says so.
  const bomb = await archive({ 'x.npy': npy('<f4', '(78643200, 1)', Buffer.alloc(300 * 2 ** 20)) });
  await assert.rejects(readNpz(bomb), failure('ERR_DATA', 'unpacks from', 'save it unpacked'));
  const pickle = await archive({ 'x.npy': npy('|O', '(1, 2)', Buffer.alloc(16)) });
  await assert.rejects(importEmbeddings(pickle, { out: fresh('s') }), failure('ERR_DATA', 'pickled', 'array "x"'));
  const lying = await archive({ 'x.npy': npy('<f4', '(1000, 2)', floats(1, 2)) });
  await assert.rejects(importEmbeddings(lying, { out: fresh('s') }), failure('ERR_DATA', 'promises', 'array "x"'));
  await assert.rejects(
    importEmbeddings(await archive({ 'p.npy': Buffer.alloc(0), 'q.npy': Buffer.alloc(0) }), { out: fresh('s') }),
    failure('ERR_DATA', 'p, q', 'option embedding'),
  );
});

test('an archive with one byte changed is read or refused with ERR_DATA, never crashes', async () => {
  const sound = await readFile(
    await archive({ 'x.npy': npy('<f4', '(1, 2)', floats(1, 2)), 'y.npy': npy('<i4', '(1,)', Buffer.alloc(4)) }),
  );
  const path = fresh('changed.npz');
  await fc.assert(
    fc.asyncProperty(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const bytes = Buffer.from(sound);
      bytes[at] = (bytes[at] as number) ^ change;
      await writeFile(path, bytes);
      try {
        await importEmbeddings(path, { out: fresh('s') });
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ERR_DATA', String(error));
      }
    }),
    { numRuns: 150, seed: 1 },
  );
});
