// One shard of everything, written again and again by a job that has its network loaded, as the shards of a large dataset are.
import { join } from 'node:path';
import { openJob } from '../../dist/src/embed/index.js';
import { openBackbone, openDataset } from '../../dist/src/index.js';
import { createStore } from '../../dist/src/store/index.js';
import { data, measure, model, threads } from '../measure.mjs';

export async function embedAgain(items) {
  const dataset = await openDataset(join(data, items));
  const job = await openJob(dataset, await openBackbone(join(data, model)), { threads });
  const writer = await createStore(join(data, 'store'), { ...job.store, shardRows: dataset.count, overwrite: true });
  await job.embedShard(writer, 0);
  await measure(() => job.embedShard(writer, 0), dataset.count);
  await job.close();
}
