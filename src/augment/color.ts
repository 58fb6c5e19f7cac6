/** Images in another light. */

import { number } from '../core/options.js';
import { decodeImage, type Pixels } from '../preprocess/index.js';
import { defineAugmenter } from './augmenter.js';

/** ITU-R 601 luma, as Pillow's conversion to grey. */
const luma = [0.299, 0.587, 0.114] as const;

function greyOf({ data, channels }: Pixels, at: number): number {
  if (channels === 1) return data[at] as number;
  return luma.reduce((sum, share, c) => sum + share * (data[at + c] as number), 0);
}

/** Every value v becomes factor · v + (1 − factor) · towards, rounded and cut to 0 … 255. */
function blend(image: Pixels, factor: number, towards: (pixel: number) => number): Pixels {
  const { data, channels } = image;
  // Cut and rounded to nearest, ties to even, by the array.
  const out = new Uint8ClampedArray(data.length);
  for (let at = 0; at < data.length; at += channels) {
    const to = (1 - factor) * towards(at);
    for (let c = at; c < at + channels; c++) out[c] = factor * (data[c] as number) + to;
  }
  return { ...image, data: new Uint8Array(out.buffer) };
}

/**
 * Brightness (towards black), contrast (towards the mean grey) and saturation (towards each pixel's grey), in this order, each by a
 * factor drawn evenly from 1 − strength … 1 + strength: torchvision's `ColorJitter` without hue and in a fixed order.
 */
export const color = defineAugmenter({
  name: 'color',
  summary: 'brightness, contrast and saturation changed at random',
  paper: 'Howard, "Some Improvements on Deep Convolutional Neural Network Based Image Classification", arXiv:1312.5402',
  modality: 'image',
  options: {
    strength: number({
      min: 0,
      max: 1,
      default: 0.4,
      help: 'most by which each factor is off 1; small: nearly copies; large: colours that tell classes apart are lost',
    }),
  },
  async alter(content, { strength }, draws) {
    const factor = () => 1 + strength * (2 * draws.uniform() - 1);
    const image = await decodeImage(content);
    const bright = blend(image, factor(), () => 0);
    let sum = 0;
    for (let at = 0; at < bright.data.length; at += bright.channels) sum += greyOf(bright, at);
    const mean = Math.round((sum * bright.channels) / bright.data.length);
    const contrasted = blend(bright, factor(), () => mean);
    return { kind: 'pixels', ...blend(contrasted, factor(), (at) => greyOf(contrasted, at)) };
  },
});
