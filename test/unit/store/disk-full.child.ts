/** Run inside a small file system of its own: fills it, frees it, resumes. Prints what it saw as JSON. */

import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createStore, openStore } from '../../../src/store/index.js';
import { itemId, sampleOptions, shardContent } from './sample-store.js';

const root = process.argv[2] as string;
const dir = join(root, 'store');
const dim = 256;
// 64 rows x 256 numbers x 4 bytes = 64 KiB a shard, 8 shards: with 256 KiB taken, 1 MiB cannot hold them all.
const options = sampleOptions({
  count: 512,
  shardRows: 64,
  backbone: { id: 'toy', recipeHash: 'recipe-1', sha256: 'weights-1', dim },
});

async function writeAll(): Promise<unknown> {
  const writer = await createStore(dir, options);
  for (const { index, start, end, done } of writer.shards())
    if (!done) {
      try {
        await writer.writeShard(index, shardContent(start, end, dim));
      } catch (error) {
        return error;
      }
    }
  return writer;
}

await writeFile(join(root, 'filler'), new Uint8Array(768 * 1024));
const error = (await writeAll()) as Error & { code: string };
const filesAfterFull = await readdir(dir);
const partial = await openStore(dir, { allowIncomplete: true });
const rowsReadable: number[] = [];
for await (const window of partial.windows()) rowsReadable.push(window.ids.length);
await rm(join(root, 'filler'));
const writer = (await writeAll()) as Awaited<ReturnType<typeof createStore>>;
const rows = Array.from({ length: 512 }, (_, i) => ({ id: itemId(i), source: '', label: 'cat' }));
const store = await writer.finish({ rows });
console.log(
  JSON.stringify({
    code: error.code,
    message: error.message,
    safe: partial.manifest.shards.length,
    filesAfterFull,
    rowsReadable,
    verified: await store.verify(),
  }),
);
