import { color } from './color.js';
import { defineAugmenter } from './augmenter.js';
import { flipCrop } from './flip-crop.js';

export const flipCropColor = defineAugmenter({
  name: 'flip-crop-color',
  summary: 'flip-crop, then color',
  paper: `${flipCrop.paper}; ${color.paper}`,
  modality: 'image',
  options: { ...flipCrop.options, ...color.options },
  async alter(content, { strength, ...options }, draws) {
    return color.alter(await flipCrop.alter(content, options, draws), { strength }, draws);
  },
});
