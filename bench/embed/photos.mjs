// Photographs in memory, and a clock of processor time.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset } from '../../dist/src/index.js';
import { data } from '../measure.mjs';

const MOST = 512;

export async function readPhotos() {
  const contents = [];
  for await (const { content } of (await openDataset(join(data, 'photos'))).items({ start: 0, end: MOST }))
    contents.push({ kind: 'encoded-image', bytes: await readFile(content.path) });
  return contents;
}

/** Seconds of all threads together; the least of three, for other work on the machine makes it more. */
export async function processorTime(work) {
  const times = [];
  for (let i = 0; i < 3; i++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1e6);
  }
  return Math.min(...times);
}
