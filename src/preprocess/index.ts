/** Items → what a network takes: images → normalised pixels, texts → token ids. */

export { decodeImage, DEFAULT_MAX_PIXELS } from './decode.js';
export { decodersAtOnce } from './in-flight.js';
export {
  createImagePreprocessor,
  geometryOf,
  type Geometry,
  type ImagePreprocessor,
  type ImagePreprocessorOptions,
} from './image.js';
export { channelsOf, checkKeys, parseImageRecipe, type ImageRecipe, type Size } from './image-recipe.js';
export { thumbnail } from './thumbnail.js';
export { cropPixels, filterNames, type Box, type Filter, type Pixels } from './resize.js';
export {
  createTextPreprocessor,
  padBatch,
  parseTokenizerSpec,
  type PairTruncation,
  type TextPreprocessor,
  type TokenBatch,
  type TokenPair,
  type TokenizerSpec,
} from './text.js';
