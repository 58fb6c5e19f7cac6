// One photograph in memory to pixels by sharp, as everything but a plain JPEG is decoded, by processor time.
import { decodeWithSharp, DEFAULT_MAX_PIXELS } from '../../dist/src/preprocess/decode.js';
import { processorTime, readPhotos } from '../embed/photos.mjs';
import { tell } from '../measure.mjs';

const photos = await readPhotos();
async function decodeAll() {
  for (const { bytes } of photos) await decodeWithSharp({ bytes, where: 'memory', maxPixels: DEFAULT_MAX_PIXELS });
}
await decodeAll();
tell((await processorTime(decodeAll)) / photos.length, 1);
