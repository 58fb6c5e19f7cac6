import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import tar from 'tar-stream';
import { openDataset, type OpenDatasetOptions } from '../../../src/dataset/index.js';
import { collect, failure, folderOf } from './temp-folder.js';

type Members = readonly (readonly [name: string, content: string | Uint8Array])[];

async function tarOf(members: Members): Promise<Buffer> {
  const pack = tar.pack();
  for (const [name, content] of members) pack.entry({ name }, Buffer.from(content));
  pack.finalize();
  return buffer(pack);
}

async function open(
  t: TestContext,
  archives: Readonly<Record<string, Members>>,
  path = '',
  options?: OpenDatasetOptions,
) {
  const files: Record<string, Uint8Array> = {};
  for (const [name, members] of Object.entries(archives)) files[name] = await tarOf(members);
  return openDataset(join(folderOf(t, files), path), options);
}

const jpeg = (n: number, length = 3000) => Buffer.alloc(length, n);

test('samples of a tar file are read in place, images by their bytes, labels from .cls', async (t) => {
  const set = await open(
    t,
    {
      'a.tar': [
        ['000/1.jpg', jpeg(1)],
        ['000/1.cls', '7\n'],
        ['000/2.jpg', jpeg(2, 513)],
        ['000/2.cls', '8'],
        ['README.md', 'not a sample with an image'],
      ],
    },
    'a.tar',
  );
  const items = await collect(set);
  assert.deepEqual([set.format, set.modality, set.classNames], ['webdataset', 'image', ['7', '8']]);
  assert.deepEqual(
    items.map(({ id, label, content }) => [id, label, content.kind === 'encoded-image' && Buffer.from(content.bytes)]),
    [
      ['000/1', '7', jpeg(1)],
      ['000/2', '8', jpeg(2, 513)],
    ],
  );
  assert.ok(set.notes.some((note) => note.startsWith('1 samples without an image left out')));
});

test('a folder of archives is one dataset in natural order; labels and groups come from .json', async (t) => {
  const sample = (n: number): Members => [
    [`s.jpg`, jpeg(n)],
    [`s.json`, JSON.stringify({ label: n % 2 ? 'odd' : 'even', who: `p${n}` })],
  ];
  const archives = { 'x-2.tar': sample(2), 'x-10.tar': sample(3), 'x-1.tar': sample(1) };
  const items = await collect(await open(t, archives, '', { group: 'who' }));
  assert.deepEqual(
    items.map(({ id, label, group }) => [id, label, group]),
    [
      ['x-1/s', 'odd', 'p1'],
      ['x-2/s', 'even', 'p2'],
      ['x-10/s', 'odd', 'p3'],
    ],
  );
});

test('without images a .txt is the item', async (t) => {
  const set = await open(
    t,
    {
      'a.tar': [
        ['1.txt', 'hello world\n'],
        ['1.cls', 'x'],
        ['2.txt', 'bye'],
        ['2.cls', 'y'],
      ],
    },
    'a.tar',
  );
  assert.equal(set.modality, 'text');
  assert.deepEqual(
    (await collect(set)).map(({ content }) => content.kind === 'text' && content.text),
    ['hello world', 'bye'],
  );
});

test('archives that are cut, lie about sizes, repeat members or have no label are refused', async (t) => {
  const members: Members = [
    ['1.jpg', jpeg(1)],
    ['1.cls', 'x'],
  ];
  const sound = await tarOf(members);
  const folder = folderOf(t, { 'cut.tar': sound.subarray(0, 2000) });
  await assert.rejects(openDataset(join(folder, 'cut.tar')), failure('ERR_DATA', 'cut.tar'));
  // The size of the first member, in octal at byte 124, becomes 8 GiB; the checksum of the header is made right again.
  const lying = Buffer.from(sound);
  lying.write('77777777777\0', 124, 'latin1');
  lying.fill(0x20, 148, 156);
  const sum = lying.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  lying.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  writeFileSync(join(folder, 'lying.tar'), lying);
  await assert.rejects(openDataset(join(folder, 'lying.tar')), failure('ERR_DATA', 'claims 8589934591 bytes'));
  await assert.rejects(open(t, { 'a.tar': [...members, ['1.jpg', jpeg(2)]] }, 'a.tar'), failure('ERR_DATA', 'twice'));
  await assert.rejects(open(t, { 'a.tar': [['1.jpg', jpeg(1)]] }, 'a.tar'), failure('ERR_DATA', '.cls', 'jpg'));
  await assert.rejects(
    open(
      t,
      {
        'a.tar': [
          ['1.jpg', jpeg(1)],
          ['1.cls', Buffer.alloc(2 ** 24 + 1)],
        ],
      },
      'a.tar',
    ),
    failure('ERR_DATA', '16777217 bytes'),
  );
  writeFileSync(join(folder, 'packed.tar.gz'), Buffer.alloc(10));
  await assert.rejects(openDataset(join(folder, 'packed.tar.gz')), failure('ERR_DATA', 'gunzip'));
});

test('names that climb out of the archive stay names', async (t) => {
  // Nothing is ever written to disk, so such a name can at most be an odd id.
  const set = await open(
    t,
    {
      'a.tar': [
        ['../../etc/1.jpg', jpeg(1)],
        ['../../etc/1.cls', 'x'],
      ],
    },
    'a.tar',
  );
  assert.deepEqual(
    (await collect(set)).map(({ id }) => id),
    ['../../etc/1'],
  );
});

test('an archive with one byte changed is read or refused with ERR_DATA, never crashes or hangs', async (t) => {
  const sound = await tarOf([
    ['1.jpg', jpeg(1)],
    ['1.cls', 'x'],
    ['2.jpg', jpeg(2)],
    ['2.json', '{"label":"y"}'],
  ]);
  const path = join(folderOf(t, { 'a.tar': sound }), 'a.tar');
  // Headers lie at every 512 bytes; most bytes between them are pixels and tell nothing.
  const headers = fc.integer({ min: 0, max: Math.floor(sound.length / 512) - 1 });
  await fc.assert(
    fc.asyncProperty(headers, fc.nat(511), fc.integer({ min: 1, max: 255 }), async (header, offset, change) => {
      const bytes = Buffer.from(sound);
      const at = header * 512 + offset;
      bytes[at] = (bytes[at] as number) ^ change;
      writeFileSync(path, bytes);
      try {
        await collect(await openDataset(path));
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ERR_DATA', String(error));
      }
    }),
    { numRuns: 150, seed: 1 },
  );
});
