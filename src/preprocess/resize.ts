/**
 * Antialiased resizing of 8-bit pixels with the arithmetic of Pillow, so that a network gets from Node
 * the same bytes that it got in Python when it was trained.
 *
 * The facts restated: a separable filter whose support grows with the scale when shrinking; weights normalised and
 * rounded to 22 fractional bits; rows first, then columns, each rounded to 8 bits. libvips' own resize differs from
 * it by up to 9 of 255 levels on photographs, which is why sharp only decodes.
 */

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

const FRACTION_BITS = 22;
const HALF = 1 << (FRACTION_BITS - 1);

/** For outputs start … start + count − 1 of one axis: which sources each takes, and their weights in 2^-22. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `stride` weights an output. */
  readonly weights: Int32Array;
  readonly stride: number;
}

function tapsOf(kernel: Kernel, inputs: number, outputs: number, start: number, count: number): Taps {
  const scale = inputs / outputs;
  const stretch = Math.max(scale, 1);
  const support = kernel.support * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const taps = {
    first: new Int32Array(count),
    count: new Int32Array(count),
    weights: new Int32Array(count * stride),
    stride,
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
      taps.weights[i * stride + j] = Math.trunc(weight * 2 ** FRACTION_BITS + (weight < 0 ? -0.5 : 0.5));
    }
  }
  return taps;
}

/** Rows top … top + height − 1, filtered along x. */
function filterRows(image: Pixels, taps: Taps, top: number, height: number): Uint8ClampedArray {
  const { data, width, channels } = image;
  const outWidth = taps.first.length;
  const out = new Uint8ClampedArray(outWidth * height * channels);
  let o = 0;
  for (let y = 0; y < height; y++) {
    const row = (top + y) * width * channels;
    for (let x = 0; x < outWidth; x++) {
      let w = x * taps.stride;
      const end = w + (taps.count[x] as number);
      let p = row + (taps.first[x] as number) * channels;
      let a = HALF;
      if (channels === 1) {
        for (; w < end; w++) a += (data[p++] as number) * (taps.weights[w] as number);
        out[o++] = a >> FRACTION_BITS;
        continue;
      }
      let b = HALF;
      let c = HALF;
      for (; w < end; w++, p += 3) {
        const weight = taps.weights[w] as number;
        a += (data[p] as number) * weight;
        b += (data[p + 1] as number) * weight;
        c += (data[p + 2] as number) * weight;
      }
      out[o] = a >> FRACTION_BITS;
      out[o + 1] = b >> FRACTION_BITS;
      out[o + 2] = c >> FRACTION_BITS;
      o += 3;
    }
  }
  return out;
}

/** Filters along y; `rows` begins at source row `top` and has `length` bytes a row. */
function filterColumns(rows: Uint8ClampedArray, length: number, taps: Taps, top: number): Uint8ClampedArray {
  const out = new Uint8ClampedArray(taps.first.length * length);
  const sums = new Int32Array(length);
  for (let y = 0; y < taps.first.length; y++) {
    sums.fill(HALF);
    for (let j = 0; j < (taps.count[y] as number); j++) {
      const weight = taps.weights[y * taps.stride + j] as number;
      const row = ((taps.first[y] as number) + j - top) * length;
      for (let i = 0; i < length; i++) sums[i] = (sums[i] as number) + (rows[row + i] as number) * weight;
    }
    for (let i = 0; i < length; i++) out[y * length + i] = (sums[i] as number) >> FRACTION_BITS;
  }
  return out;
}

function nearest(image: Pixels, height: number, width: number, box: Box): Uint8ClampedArray {
  const { data, channels } = image;
  // Pillow adds up the step instead of multiplying, which decides ties.
  const sources = (inputs: number, outputs: number) => {
    const step = inputs / outputs;
    let at = step * 0.5;
    return Int32Array.from({ length: outputs }, () => {
      const source = Math.min(inputs - 1, Math.trunc(at));
      at += step;
      return source;
    });
  };
  const columns = sources(image.width, width);
  const rows = sources(image.height, height);
  const out = new Uint8ClampedArray(box.width * box.height * channels);
  let o = 0;
  for (let y = 0; y < box.height; y++)
    for (let x = 0; x < box.width; x++) {
      const p = ((rows[box.top + y] as number) * image.width + (columns[box.left + x] as number)) * channels;
      for (let c = 0; c < channels; c++) out[o++] = data[p + c] as number;
    }
  return out;
}

function asBytes(clamped: Uint8ClampedArray): Uint8Array {
  return new Uint8Array(clamped.buffer, clamped.byteOffset, clamped.length);
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

/**
 * Resizes to (height, width) and returns only `box` of the result: what a crop would drop is never computed.
 *
 * Byte for byte what Pillow's `Image.resize((width, height), filter)` followed by `crop` gives.
 */
export function resizePixels(
  image: Pixels,
  height: number,
  width: number,
  filter: Filter,
  box: Box = { left: 0, top: 0, width, height },
): Pixels {
  if (width === image.width && height === image.height) return cropPixels(image, box);
  const { channels } = image;
  const size = { width: box.width, height: box.height, channels };
  if (filter === 'nearest') return { data: asBytes(nearest(image, height, width, box)), ...size };
  const kernel = kernels[filter];
  const across = tapsOf(kernel, image.width, width, box.left, box.width);
  const down = tapsOf(kernel, image.height, height, box.top, box.height);
  const last = box.height - 1;
  const top = down.first[0] as number;
  const bottom = (down.first[last] as number) + (down.count[last] as number);
  const rows = filterRows(image, across, top, bottom - top);
  return { data: asBytes(filterColumns(rows, box.width * channels, down, top)), ...size };
}
