// One photograph in memory to what a network takes, by processor time.
import { join } from 'node:path';
import { createItemPreprocessor } from '../../dist/src/backbone/items.js';
import { openBackbone } from '../../dist/src/index.js';
import { processorTime, readPhotos } from '../embed/photos.mjs';
import { data, model, tell } from '../measure.mjs';

const { recipe } = await openBackbone(join(data, model));
const preprocessor = createItemPreprocessor(recipe, { blocking: true });
const photos = await readPhotos();
let room;
async function prepareAll() {
  for (const photo of photos) {
    const { inputs } = await preprocessor.batch([photo], room);
    room = inputs.pixel_values.data;
  }
}
await prepareAll();
tell((await processorTime(prepareAll)) / photos.length, 1);
