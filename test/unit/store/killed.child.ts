/** Writes a store slowly enough to be killed in the middle; says each shard as it is done. */

import { createStore } from '../../../src/store/index.js';
import { itemId, sampleOptions, shardContent } from './sample-store.js';

const [dir = '', count = '', dim = ''] = process.argv.slice(2);
const writer = await createStore(
  dir,
  sampleOptions({
    count: Number(count),
    shardRows: 64,
    backbone: { id: 'toy', recipeHash: 'recipe-1', sha256: 'weights-1', dim: Number(dim) },
  }),
);
for (const { index, start, end, done } of writer.shards()) {
  if (done) continue;
  await writer.writeShard(index, shardContent(start, end, Number(dim)));
  console.log(index);
}
await writer.finish({
  rows: Array.from({ length: Number(count) }, (_, i) => ({ id: itemId(i), source: '', label: 'dog' })),
});
