// What embedding cannot be faster than where both take all processors: the processor time of decoding the files, which lie in
// memory, into pixels that are not fresh, with the decoder that we use, and that of the runtime on images that are ready, in
// sessions and batches of the size that it likes best. Both on some hundred images: on fewer, the least of three is a matter of luck.
import { loadKernels } from '../../dist/src/kernels/index.js';
import { decodeImage } from '../../dist/src/preprocess/index.js';
import { HEIGHT, WIDTH } from '../embed/items.mjs';
import { processorTime, readPhotos } from '../embed/photos.mjs';
import { openRaw } from '../embed/raw.mjs';
import { tell, threads } from '../measure.mjs';

/** Images on which sizes are tried. */
const TRIED = 32;

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

/** Seconds of `count` images in batches of `size`. */
async function running({ backbone, session, toFeeds }, size, count) {
  const { inputs } = await backbone.preprocessor().batch(photos.slice(0, size));
  const feeds = toFeeds(inputs);
  await session.run(feeds);
  const runs = Math.ceil(count / size);
  const seconds = await processorTime(async () => {
    for (let i = 0; i < runs; i++) await session.run(feeds);
  });
  return (seconds / (runs * size)) * count;
}

let best = { seconds: Infinity };
for (const count of new Set([1, threads])) {
  const opened = await openRaw(count);
  for (const size of [1, 2, 4, 8, 32]) {
    const seconds = await running(opened, size, TRIED);
    if (seconds < best.seconds) best = { seconds, count, size };
  }
  await opened.session.release();
}
const opened = await openRaw(best.count);
tell((decoding + (await running(opened, best.size, photos.length))) / threads, photos.length);
await opened.session.release();
