/** The same images from every kind of source give the same vectors. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import tar from 'tar-stream';
import { openStore } from '../../src/index.js';
import { drawImages } from './data.js';
import { equipoise, start, succeed, temporaryFolder } from './equipoise.js';

const dir = temporaryFolder();
const at = (...names: string[]) => join(dir, ...names);
const paths = ['green/00.jpg', 'green/01.jpg', 'red/00.jpg', 'red/01.jpg', 'red/02.jpg'];
const labels = paths.map((path) => path.split('/')[0] as string);

async function vectors(store: string): Promise<{ labels: unknown[]; numbers: number[] }> {
  const opened = await openStore(at(store));
  const numbers: number[] = [];
  for await (const { embeddings } of opened.windows()) numbers.push(...embeddings.data);
  return { labels: (await opened.rows()).map(({ label }) => label), numbers };
}

before(async () => {
  await drawImages(at('photos'), { red: 3, green: 2 });
  await succeed(dir, 'embed', 'photos', '--out', 'expected');
});

test('a WebDataset archive', async () => {
  const pack = tar.pack();
  for (const [i, path] of paths.entries()) {
    pack.entry({ name: `${i}.jpg` }, await readFile(at('photos', path)));
    pack.entry({ name: `${i}.cls` }, labels[i] as string);
  }
  pack.finalize();
  await writeFile(at('photos.tar'), await buffer(pack));
  await succeed(dir, 'embed', 'photos.tar', '--out', 'from-tar');
  assert.deepEqual(await vectors('from-tar'), await vectors('expected'));
});

test('a Parquet file with the images inside', async () => {
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'image', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED' },
      { name: 'label', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    ],
  });
  const images = await Promise.all(paths.map(async (path) => new Uint8Array(await readFile(at('photos', path)))));
  await file.write({
    columnData: [
      { name: 'image', data: images },
      { name: 'label', data: labels },
    ],
    rowGroupSize: 2,
  });
  await file.finish();
  await writeFile(at('photos.parquet'), writer.getBytes());
  await succeed(dir, 'embed', 'photos.parquet', '--out', 'from-parquet');
  assert.deepEqual(await vectors('from-parquet'), await vectors('expected'));
});

test('paths on standard input, labelled by their folders or after a tab', async () => {
  const listed = paths.map((path) => `photos/${path}`);
  const outcome = await start(dir, ['embed', '-', '--out', 'from-list'], `${listed.join('\n')}\n`).outcome;
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.deepEqual(await vectors('from-list'), await vectors('expected'));
  const lines = listed.map((path, i) => `${path}\tx${i % 2}`).join('\n');
  assert.equal((await start(dir, ['embed', '-', '--out', 'from-tabs'], lines).outcome).code, 0);
  assert.deepEqual((await vectors('from-tabs')).labels, ['x0', 'x1', 'x0', 'x1', 'x0']);
});

test('nothing on standard input is told apart from a missing file', async () => {
  const { code, stderr } = await equipoise(dir, 'embed', '-', '--out', 'none');
  assert.equal(code, 1);
  assert.match(stderr, /Expected the path of an image a line in standard input but found none/);
});
