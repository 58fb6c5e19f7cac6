// Resident memory while 100,000 items are embedded: a line a second while it runs, and the slope over its second half.
//
//   node bench/embed-memory.mjs [--items 100000] [--model tiny-image] [--distinct 64]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openJob } from '../dist/src/embed/index.js';
import { openBackbone } from '../dist/src/index.js';
import { createStore } from '../dist/src/store/index.js';
import { drawPhoto } from './embed/items.mjs';

const { values } = parseArgs({
  options: {
    items: { type: 'string', default: '100000' },
    model: { type: 'string', default: 'tiny-image' },
    distinct: { type: 'string', default: '64' },
  },
});
const count = Number(values.items);
const photos = await Promise.all(Array.from({ length: Number(values.distinct) }, (_, i) => drawPhoto(i)));
async function* items({ start, end }) {
  for (let i = start; i < end; i++)
    yield {
      id: `${i}`,
      source: `${i}`,
      label: `${i % 10}`,
      content: { kind: 'encoded-image', bytes: photos[i % photos.length] },
    };
}
const classNames = Array.from({ length: 10 }, (_, i) => `${i}`);
const dataset = { name: 'drawn', modality: 'image', count, classNames, fingerprint: 'drawn', notes: [], items };

const folder = await mkdtemp(join(tmpdir(), 'equipoise-memory-'));
const points = [];
let done = 0;
const look = () => points.push([done, process.memoryUsage.rss() / 2 ** 20]);
try {
  const job = await openJob(dataset, await openBackbone(values.model), {});
  const writer = await createStore(join(folder, 'store'), { ...job.store, shardRows: 8192 });
  const timer = setInterval(look, 1000);
  let before = Promise.resolve();
  for (const { index } of writer.shards()) {
    const made = job.embedShard(writer, index, { onItems: (settled) => (done += settled) });
    const listed = made.then((entry) => writer.addShard(entry));
    await before;
    before = listed;
  }
  await before;
  clearInterval(timer);
  look();
  await job.close();
} finally {
  await rm(folder, { recursive: true });
}

const half = points.filter(([at]) => at > count / 2);
const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const [x, y] = [mean(half.map(([at]) => at)), mean(half.map(([, rss]) => rss))];
const slope =
  half.reduce((sum, [at, rss]) => sum + (at - x) * (rss - y), 0) / half.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
const residual = Math.sqrt(mean(half.map(([at, rss]) => (rss - y - slope * (at - x)) ** 2)));
const steps = Math.max(1, Math.floor(points.length / 20));
for (const [at, rss] of points.filter((_, i) => i % steps === 0)) console.log(`${at}\t${rss.toFixed(0)} MiB`);
console.log(
  `peak ${Math.max(...points.map(([, rss]) => rss)).toFixed(0)} MiB; second half: ${y.toFixed(0)} MiB on average, ${(slope * 10_000).toFixed(2)} MiB every 10,000 items, scattered by ${residual.toFixed(1)} MiB`,
);
