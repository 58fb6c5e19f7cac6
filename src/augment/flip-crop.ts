/** Mirrored and cropped images. */

import { boolean, number } from '../core/options.js';
import { cropPixels, decodeImage, type Pixels } from '../preprocess/index.js';
import { defineAugmenter } from './augmenter.js';

function mirror({ data, width, height, channels }: Pixels): Pixels {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++)
        out[(y * width + x) * channels + c] = data[(y * width + width - 1 - x) * channels + c] as number;
  return { data: out, width, height, channels };
}

/**
 * A random rectangle of the image, mirrored half of the time.
 *
 * The rectangle's area is drawn from minArea … 1 of the image's, its proportions from 3:4 … 4:3 of the image's own (evenly on
 * a log scale); a side that comes out longer than the image is cut to it. The backbone's recipe resizes it afterwards.
 */
export const flipCrop = defineAugmenter({
  name: 'flip-crop',
  summary: 'a random crop, mirrored half of the time',
  paper: 'Szegedy et al., "Going Deeper with Convolutions", arXiv:1409.4842, section 6 (the crops)',
  modality: 'image',
  options: {
    minArea: number({
      min: 0.01,
      max: 1,
      default: 0.5,
      help: 'smallest share of the image a crop covers; small: the object may be cut away; large: nearly copies',
    }),
    flip: boolean({ default: true, help: 'mirror half of the copies; not for digits and letters' }),
  },
  async alter(content, { minArea, flip }, draws) {
    const image = await decodeImage(content);
    const area = minArea + draws.uniform() * (1 - minArea);
    const stretch = Math.exp((draws.uniform() - 0.5) * Math.log(16 / 9));
    const side = (length: number, factor: number) =>
      Math.min(length, Math.max(1, Math.round(length * Math.sqrt(area * factor))));
    const width = side(image.width, stretch);
    const height = side(image.height, 1 / stretch);
    const left = draws.below(image.width - width + 1);
    const top = draws.below(image.height - height + 1);
    const crop = cropPixels(image, { left, top, width, height });
    return { kind: 'pixels', ...(flip && draws.below(2) === 1 ? mirror(crop) : crop) };
  },
});
