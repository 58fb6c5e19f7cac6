/** One image → its place in a batch: decode, resize, crop, normalise. */

import { andThen, type Awaitable } from '../core/awaitable.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { ItemContent } from '../core/item.js';
import { loadKernels, type Taps } from '../kernels/index.js';
import {
  DEFAULT_MAX_PIXELS,
  decodeEncoded,
  decodeImage,
  decodeWithSharp,
  withEncoded,
  type Encoded,
} from './decode.js';
import { channelsOf, type ImageRecipe, type Size } from './image-recipe.js';
import { inTurn } from './in-flight.js';
import { tapsOf, type Box, type Pixels } from './resize.js';

export interface ImagePreprocessorOptions {
  /** What the network takes: [height, width]. */
  readonly size: Size;
  readonly layout: 'NCHW' | 'NHWC';
  /** Larger images are refused before they are decoded; default 100 million. */
  readonly maxPixels?: number;
  /** Files are read and the kernels work in the calling thread, which has nothing else to do; default false. */
  readonly blocking?: boolean;
}

export interface ImagePreprocessor {
  /** Numbers an image: channels · height · width. */
  readonly length: number;
  /**
   * Writes one image at element `at` of `out`: at once where the calling thread may block and need not wait for anything.
   * @throws ERR_DATA for an image that cannot be decoded or does not come out at the network's size; ERR_SHAPE where `out` is too short.
   */
  into(content: ItemContent, out: Float32Array, at: number): Awaitable<void>;
}

/** Axes whose weights are kept: a few kilobytes each. */
const MOST_TAPS = 64;

/** Where a recipe takes an image of a given size. */
export interface Geometry {
  /** [height, width] after resizing. */
  readonly resized: Size;
  /** The part of the resized image that is kept. */
  readonly box: Box;
  /** [height, width] of the result. */
  readonly size: Size;
  /** Black rows above and columns left of `box`, where the crop is larger than the image. */
  readonly padding: readonly [top: number, left: number];
}

/** Python's `round`: a half goes to the even neighbour. torchvision crops with it, so the odd pixel is lost on the same side. */
function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  return x - down === 0.5 ? down + (down % 2) : Math.round(x);
}

/**
 * The arithmetic of torchvision's Resize(int) and CenterCrop for an image of (height, width).
 *
 * @example
 * geometryOf(parseImageRecipe({ resizeShortestEdge: 256, centerCrop: 224 }, 'preprocess'), 375, 500).resized; // [256, 341]
 */
export function geometryOf(recipe: ImageRecipe, height: number, width: number): Geometry {
  let resized: Size = recipe.resize ?? [height, width];
  if (recipe.resizeShortestEdge !== undefined) {
    const short = recipe.resizeShortestEdge;
    const long = Math.max(1, Math.trunc((short * Math.max(height, width)) / Math.min(height, width)));
    resized = height <= width ? [short, long] : [long, short];
  }
  const size = recipe.centerCrop ?? resized;
  const down = recipe.cropRounding === 'down';
  const axis = (length: number, wanted: number) => {
    const margin = (length - wanted) / 2;
    if (margin < 0) return { start: 0, length, padding: down ? Math.ceil(-margin) : Math.floor(-margin) };
    return { start: down ? Math.floor(margin) : roundHalfEven(margin), length: wanted, padding: 0 };
  };
  const y = axis(resized[0], size[0]);
  const x = axis(resized[1], size[1]);
  return {
    resized,
    box: { left: x.start, top: y.start, width: x.length, height: y.length },
    size,
    padding: [y.padding, x.padding],
  };
}

/** ITU-R 601 luma in 16 fractional bits, rounded: Pillow's `convert('L')`. */
function toGrey(image: Pixels): Pixels {
  if (image.channels === 1) return image;
  const grey = new Uint8Array(image.width * image.height);
  for (let i = 0, p = 0; i < grey.length; i++, p += 3)
    grey[i] =
      ((image.data[p] as number) * 19595 +
        (image.data[p + 1] as number) * 38470 +
        (image.data[p + 2] as number) * 7471 +
        0x8000) >>>
      16;
  return { data: grey, width: image.width, height: image.height, channels: 1 };
}

const sizeText = ([height, width]: Size) => `${height} x ${width}`;

/**
 * Makes the function that turns images into a network's input, byte for byte as Pillow and torchvision prepare them.
 *
 * @throws ERR_OPTION when the recipe can never give the size that the network takes.
 *
 * @example
 * const images = createImagePreprocessor(recipe, { size: [32, 32], layout: 'NCHW' });
 * const batch = new Float32Array(2 * images.length);
 * await images.into({ kind: 'image', path: 'cat.jpg' }, batch, 0);
 */
export function createImagePreprocessor(recipe: ImageRecipe, options: ImagePreprocessorOptions): ImagePreprocessor {
  const { size, layout, maxPixels = DEFAULT_MAX_PIXELS, blocking = false } = options;
  if (layout !== 'NCHW' && layout !== 'NHWC') throw expected('NCHW or NHWC', 'layout', layout);
  const fixed = recipe.centerCrop ?? recipe.resize;
  if (fixed !== undefined && (fixed[0] !== size[0] || fixed[1] !== size[1]))
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a recipe that ends at ${sizeText(size)}, the input size of the network, but ${recipe.centerCrop ? 'centerCrop' : 'resize'} ends at ${sizeText(fixed)}. Change one of the two`,
    );
  const channels = channelsOf(recipe);
  const area = size[0] * size[1];
  // One table a channel: 256 divisions instead of one a pixel.
  const table = new Float32Array(channels * 256);
  for (let c = 0; c < channels; c++)
    for (let value = 0; value < 256; value++)
      table[c * 256 + value] = (value * recipe.rescale - (recipe.mean[c] as number)) / (recipe.std[c] as number);
  const pixelStep = layout === 'NCHW' ? 1 : channels;
  const channelStep = layout === 'NCHW' ? area : 1;
  const kernels = loadKernels();
  // A grey image gives the same value to all three channels.
  const orders = {
    1: new Int32Array(channels),
    3: Int32Array.from({ length: channels }, (_, c) => (recipe.mode === 'BGR' ? 2 - c : c)),
  };

  // Images of a dataset tend to be of few sizes.
  const known = new Map<string, Taps>();
  const axis = (inputs: number, outputs: number, start: number, count: number): Taps => {
    const key = `${inputs} ${outputs} ${start} ${count}`;
    const taps = known.get(key) ?? tapsOf(recipe.filter, inputs, outputs, start, count);
    if (known.size >= MOST_TAPS) known.clear();
    known.set(key, taps);
    return taps;
  };

  const fillWithBlack = (out: Float32Array, at: number) => {
    for (let c = 0; c < channels; c++)
      for (let i = 0, o = at + c * channelStep; i < area; i++, o += pixelStep) out[o] = table[c * 256] as number;
  };

  const isSize = ([height, width]: Size) => height === size[0] && width === size[1];
  const covers = ({ box }: Geometry) => box.height === size[0] && box.width === size[1];

  return {
    length: channels * area,
    // A thread that does it by itself has one at a time; what it leaves to others takes turns below.
    into: blocking ? into : (content, out, at) => inTurn(async () => into(content, out, at)),
  };

  function into(content: ItemContent, out: Float32Array, at: number): Awaitable<void> {
    if (at < 0 || at + channels * area > out.length)
      throw new EquipoiseError(
        'ERR_SHAPE',
        `Expected room for ${channels * area} numbers at ${at} but the batch has ${out.length}`,
      );
    if (content.kind === 'pixels') return decodeImage(content).then((decoded) => fromPixels(decoded, out, at));
    return withEncoded(content, { maxPixels, blocking }, (image) =>
      andThen(fromJpeg(image, out, at), (resampled) => {
        if (resampled) return undefined;
        const decode = resampled === undefined ? decodeEncoded : decodeWithSharp;
        const work = async () => fromPixels(await decode(image), out, at);
        return blocking ? inTurn(work) : work();
      }),
    );
  }

  /** What the kernel is to do to an image. */
  function resampling(shape: Omit<Pixels, 'data'>, geometry: Geometry, out: Float32Array, at: number) {
    const { width, height, channels: source } = shape;
    const { resized, box, padding } = geometry;
    return {
      width,
      height,
      channels: source,
      across: axis(width, resized[1], box.left, box.width),
      down: axis(height, resized[0], box.top, box.height),
      values: table,
      order: orders[source],
      out,
      start: at + (padding[0] * size[1] + padding[1]) * pixelStep,
      rowStep: size[1] * pixelStep,
      pixelStep,
      channelStep,
      blocking,
    };
  }

  /** In one go, false where the file turns out to need sharp; undefined where it cannot be done so. */
  function fromJpeg({ bytes, jpeg }: Encoded, out: Float32Array, at: number): Awaitable<boolean | undefined> {
    if (!kernels.jpeg || !jpeg || (recipe.mode === 'L' && jpeg.channels === 3)) return undefined;
    const geometry = geometryOf(recipe, jpeg.height, jpeg.width);
    // Black around an image would be written before it is known whether it can be decoded.
    if (!isSize(geometry.size) || !covers(geometry)) return undefined;
    return kernels.jpeg.resample({ ...resampling(jpeg, geometry, out, at), bytes });
  }

  async function fromPixels(decoded: Pixels, out: Float32Array, at: number): Promise<void> {
    const geometry = geometryOf(recipe, decoded.height, decoded.width);
    if (!isSize(geometry.size))
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected an image that comes out at ${sizeText(size)} but this one of ${sizeText([decoded.height, decoded.width])} comes out at ${sizeText(geometry.size)}. Add centerCrop or resize to the preprocess block`,
      );
    const image = recipe.mode === 'L' ? toGrey(decoded) : decoded;
    if (!covers(geometry)) fillWithBlack(out, at);
    await kernels.resample({ ...resampling(image, geometry, out, at), pixels: image.data });
  }
}
