// The shards of everything, written again and again by a job that has its network loaded, as those of a large dataset are.
import { join } from 'node:path';
import { embedShards } from '../../dist/src/embed/embed.js';
import { openJob } from '../../dist/src/embed/index.js';
import { openBackbone, openDataset } from '../../dist/src/index.js';
import { createStore } from '../../dist/src/store/index.js';
import { data, measure, model, threads } from '../measure.mjs';

export async function embedAgain(items, { shards }) {
  const dataset = await openDataset(join(data, items));
  const job = await openJob(dataset, await openBackbone(join(data, model)), { threads });
  const shardRows = Math.ceil(dataset.count / shards);
  const writer = await createStore(join(data, 'store'), { ...job.store, shardRows, overwrite: true });
  // Not listed, so that they are still to be done the next time.
  const all = () => embedShards(job, writer, writer.shards(), async () => undefined, {});
  await all();
  // Three times, as what it is held against takes the least of three.
  await measure(all, dataset.count, undefined, undefined, 3);
  await job.close();
}
