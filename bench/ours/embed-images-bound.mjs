// What embedding cannot be faster than where both take all processors: the processor time of decoding the files, which lie in
// memory, into pixels that are not fresh, with the decoder that we use, and that of the runtime on images that are ready, in
// sessions and batches of the size that it likes best.
import { loadKernels } from '../../dist/src/kernels/index.js';
import { decodeImage } from '../../dist/src/preprocess/index.js';
import { HEIGHT, WIDTH } from '../embed/items.mjs';
import { processorTime, readPhotos } from '../embed/photos.mjs';
import { openRaw } from '../embed/raw.mjs';
import { tell, threads } from '../measure.mjs';

const RUNS = 64;

const photos = await readPhotos();
const { jpeg } = loadKernels();
const pixels = new Uint8Array(3 * WIDTH * HEIGHT);
const shape = { width: WIDTH, height: HEIGHT, channels: 3 };

async function decodeAll() {
  for (const photo of photos)
    if (jpeg) await jpeg.decode({ ...shape, bytes: photo.bytes, pixels });
    else await decodeImage(photo);
}
await decodeAll();
const decoding = await processorTime(decodeAll);

let running = Infinity;
for (const count of new Set([1, threads])) {
  const { backbone, session, toFeeds } = await openRaw(count);
  for (const size of [1, 8, 32]) {
    const { inputs } = await backbone.preprocessor().batch(photos.slice(0, size));
    const feeds = toFeeds(inputs);
    await session.run(feeds);
    const seconds = await processorTime(async () => {
      for (let i = 0; i < RUNS; i += size) await session.run(feeds);
    });
    running = Math.min(running, (seconds / RUNS) * photos.length);
  }
  await session.release();
}
tell((decoding + running) / threads, photos.length);
