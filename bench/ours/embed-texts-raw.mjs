// The runtime on token ids that are ready: texts beside others of their length, or padded beside whoever comes next.
import { join } from 'node:path';
import { openDataset } from '../../dist/src/index.js';
import { openRaw } from '../embed/raw.mjs';
import { data, measure, method } from '../measure.mjs';

const { backbone, session, toFeeds } = await openRaw();
const { texts } = backbone.preprocessor();
const rows = [];
for await (const { content } of await openDataset(join(data, 'texts.csv'))) rows.push(texts.encode(content));
if (method === 'by-length') rows.sort((a, b) => b.length - a.length);
const batches = [];
for (let start = 0; start < rows.length; start += 32) batches.push(toFeeds(texts.pack(rows.slice(start, start + 32))));
await session.run(batches[0]);
await measure(async () => {
  for (const batch of batches) await session.run(batch);
}, rows.length);
