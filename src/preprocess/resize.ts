/**
 * How pixels are weighted when an image is resized, with the arithmetic of Pillow, so that a network gets from Node the same
 * bytes that it got in Python when it was trained. The `resample` kernel does the work.
 *
 * The facts restated: a separable filter whose support grows with the scale when shrinking; weights normalised and
 * rounded to 22 fractional bits; rows first, then columns, each rounded to 8 bits. libvips' own resize differs from
 * it by up to 9 of 255 levels on photographs, which is why sharp only decodes.
 */

import type { Taps } from '../kernels/index.js';

/** Interleaved 8-bit pixels, (height, width, channels). */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** A rectangle of whole pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Kernel {
  /** Half width in source pixels at scale 1. */
  readonly support: number;
  readonly weight: (x: number) => number;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

const kernels = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys' cubic with a = -0.5.
  bicubic: {
    support: 2,
    weight(x) {
      const t = Math.abs(x);
      if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
      return t < 2 ? (((t - 5) * t + 8) * t - 4) * -0.5 : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
} satisfies Record<string, Kernel>;

export type Filter = 'nearest' | keyof typeof kernels;
export const filterNames = ['nearest', 'bilinear', 'bicubic', 'lanczos'] as const satisfies readonly Filter[];

/** A weight of one. */
const UNIT = 2 ** 22;

/** For outputs start … start + count − 1. */
function filterTaps(kernel: Kernel, inputs: number, outputs: number, start: number, count: number): Taps {
  const scale = inputs / outputs;
  const stretch = Math.max(scale, 1);
  const support = kernel.support * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const taps = {
    first: new Int32Array(count),
    count: new Int32Array(count),
    weights: new Int32Array(count * stride),
  };
  const exact = new Float64Array(stride);
  for (let i = 0; i < count; i++) {
    const centre = (start + i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support + 0.5));
    const to = Math.min(inputs, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let j = from; j < to; j++) {
      const weight = kernel.weight((j - centre + 0.5) * (1 / stretch));
      exact[j - from] = weight;
      sum += weight;
    }
    taps.first[i] = from;
    taps.count[i] = to - from;
    for (let j = 0; j < to - from; j++) {
      const weight = (exact[j] as number) / (sum === 0 ? 1 : sum);
      taps.weights[i * stride + j] = Math.trunc(weight * UNIT + (weight < 0 ? -0.5 : 0.5));
    }
  }
  return taps;
}

/** Each output is one source as it is. */
function copyTaps(first: Int32Array): Taps {
  return { first, count: new Int32Array(first.length).fill(1), weights: new Int32Array(first.length).fill(UNIT) };
}

function nearestTaps(inputs: number, outputs: number, start: number, count: number): Taps {
  // Pillow adds up the step instead of multiplying, which decides ties.
  const step = inputs / outputs;
  let at = step * 0.5;
  const sources = Int32Array.from({ length: start + count }, () => {
    const source = Math.min(inputs - 1, Math.trunc(at));
    at += step;
    return source;
  });
  return copyTaps(sources.subarray(start));
}

/**
 * Which of an axis' `inputs` pixels make outputs start … start + count − 1 of `outputs`, as Pillow's `Image.resize` followed
 * by `crop` has it: what a crop would drop is never computed.
 */
export function tapsOf(
  filter: Filter | undefined,
  inputs: number,
  outputs: number,
  start: number,
  count: number,
): Taps {
  if (filter === undefined || inputs === outputs)
    return copyTaps(Int32Array.from({ length: count }, (_, i) => start + i));
  if (filter === 'nearest') return nearestTaps(inputs, outputs, start, count);
  return filterTaps(kernels[filter], inputs, outputs, start, count);
}

/** The pixels inside `box`, copied. */
export function cropPixels(image: Pixels, box: Box): Pixels {
  const { channels } = image;
  const length = box.width * channels;
  const data = new Uint8Array(length * box.height);
  for (let y = 0; y < box.height; y++) {
    const start = ((box.top + y) * image.width + box.left) * channels;
    data.set(image.data.subarray(start, start + length), y * length);
  }
  return { data, width: box.width, height: box.height, channels };
}
