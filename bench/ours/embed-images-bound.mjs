// What embedding cannot be faster than where both take all processors: the processor time of decoding the files, and that of
// the runtime on images that are ready, in batches of the size that it likes best.
import { join } from 'node:path';
import { openDataset } from '../../dist/src/index.js';
import { decodeImage } from '../../dist/src/preprocess/index.js';
import { openRaw } from '../embed/raw.mjs';
import { data, tell, threads } from '../measure.mjs';

async function processorTime(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const contents = [];
for await (const { content } of await openDataset(join(data, 'photos'))) contents.push(content);

async function decodeAll() {
  let next = 0;
  const one = async () => {
    while (next < contents.length) await decodeImage(contents[next++]);
  };
  await Promise.all(Array.from({ length: threads }, one));
}
await decodeAll();
const decoding = await processorTime(decodeAll);

const { backbone, session, toFeeds } = await openRaw();
const running = [];
for (const size of [1, 8, 32]) {
  const { inputs } = await backbone.preprocessor().batch(contents.slice(0, size));
  const feeds = toFeeds(inputs);
  await session.run(feeds);
  const runs = 64 / size;
  const seconds = await processorTime(async () => {
    for (let i = 0; i < runs; i++) await session.run(feeds);
  });
  running.push((seconds / 64) * contents.length);
}
tell((decoding + Math.min(...running)) / threads, contents.length);
