/**
 * The kernel contract, the same as native/core/kernels.hpp.
 *
 * Matrices are dense, row-major float32 and finite. Row ids are int32; −1 is "no such row" and is paired with +Infinity.
 * Distances are squared Euclidean and carry `l2sq` in their name. Self is excluded by row id, ties go to the
 * lower id, and no answer of `nearest` or `interpolate` depends on threads, instruction set or block size.
 *
 * Canonical arithmetic, so that every backend gives the same bytes:
 * - `nearest` ranks by the float64 sum of squared differences of the float32 inputs, then by row id. The sum runs in
 *   eight lanes, lane j taking the columns j, j + 8, j + 16, … in order; difference, product and sum are each rounded to
 *   float64. The lanes fold as ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)). The reported value is that sum rounded once to
 *   float32 (+Infinity where it is beyond float32's range, still with its row id).
 * - `interpolate` computes y = base + step · (other − base) in float32 with a rounding after each operation and no
 *   contraction, then clamps it to the interval of its two endpoints: below the lower (or NaN, which an overflowing
 *   difference can make) gives the lower, above the upper gives the upper. A step of 0 copies the base row bit for bit.
 * - `resample` sums byte · weight and half a unit in int32, shifts right by 22 and clamps to 0 … 255, as Pillow does.
 * - `gemm` has a tolerance: 2 · k · 2^-24 · (|alpha| · Σ|a·b| + |beta·c|) an element; k = 0 leaves beta · c. A beta of 0
 *   overwrites c without reading it.
 * - `learn` has a tolerance, too: its steps are those of the trainer's own, whose products and losses are rounded elsewhere.
 *   Some dozens of steps on different backends end less than 1e-4 of the largest parameter apart. The bytes it leaves do not
 *   depend on threads.
 */

import type { Awaitable } from '../core/awaitable.js';
import type { CrossEntropyForm } from '../core/cross-entropy-form.js';

export const amongChoices = ['all', 'same-class', 'enemies'] as const;
export type Among = (typeof amongChoices)[number];

/** Rows from `start` up to `end`. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

export interface NearestInput {
  /** (rows, cols). */
  readonly x: Float32Array;
  readonly rows: number;
  readonly cols: number;
  /** Class id a row; read only when `among` is not 'all'. */
  readonly labels: Int32Array;
  /** Row ids to search for, each excluded from its own answer. */
  readonly queries: Int32Array;
  readonly k: number;
  readonly among: Among;
  /** Only rows of this range are candidates; all rows by default. Queries may lie anywhere. */
  readonly within?: RowRange;
  /** At most this many threads. */
  readonly threads: number;
  readonly signal?: AbortSignal;
  /** Called on the way with the work done so far, in queries: rising, and `queries.length` at the end. */
  readonly onProgress?: (doneQueries: number) => void;
}

export interface NearestOutput {
  /** (queries, k) row ids by rising distance; −1 where there are fewer than k candidates. */
  readonly indices: Int32Array;
  /** (queries, k); +Infinity beside −1. */
  readonly l2sq: Float32Array;
  /** (queries, k) the float64 sums that `l2sq` rounds: by these, then by row id, neighbours rank. */
  readonly exact: Float64Array;
}

export interface InterpolateInput {
  /** (rows, cols). */
  readonly x: Float32Array;
  readonly cols: number;
  readonly base: Int32Array;
  readonly other: Int32Array;
  readonly step: Float32Array;
  /** At most this many threads, default 1: what a training batch needs would be done before another thread has started. */
  readonly threads?: number;
  /** (base.length, cols), written. */
  readonly out: Float32Array;
}

/** c = alpha · op(a) · op(b) + beta · c, with op(a) of shape (m, k) and op(b) of shape (k, n), all dense row-major. */
export interface GemmInput {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly c: Float32Array;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** a is stored (k, m). */
  readonly transposeA: boolean;
  /** b is stored (n, k). */
  readonly transposeB: boolean;
  readonly alpha: number;
  readonly beta: number;
}

/** Which sources each output of one axis takes, and their weights. */
export interface Taps {
  /** The first of the sources, one an output. */
  readonly first: Int32Array;
  /** How many follow each other from there. */
  readonly count: Int32Array;
  /** (outputs, stride), in 2^-22: as many of a row are read as it has sources. */
  readonly weights: Int32Array;
}

/** 8-bit pixels → a network's numbers: filtered along x, rounded to 8 bits, filtered along y, rounded, looked up, laid out. */
export interface ResampleInput {
  /** (height, width, channels), interleaved; 1 or 3 channels. */
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly across: Taps;
  readonly down: Taps;
  /** (order.length, 256): what a byte of each output channel becomes. */
  readonly values: Float32Array;
  /** The source channel of each output channel. */
  readonly order: Int32Array;
  /** Written: output (y, x, c) at `start + y · rowStep + x · pixelStep + c · channelStep`. */
  readonly out: Float32Array;
  readonly start: number;
  readonly rowStep: number;
  readonly pixelStep: number;
  readonly channelStep: number;
  /** Done by the thread that calls, before the call returns: for threads that have nothing else to do. Default false. */
  readonly blocking?: boolean;
}

/** A JPEG file, and what must be known of it: its size, and 1 channel of grey or 3 of colour. */
export interface JpegInput {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/**
 * Decoding off the event loop, as `resample`. Each is true where the file is such a JPEG, sound to the last byte, and its pixels therefore the
 * same from every decoder that rounds as libjpeg does; otherwise false, and something else must say what it is worth.
 */
export interface JpegKernels {
  /** Name and version of the decoder. */
  readonly library: string;
  /** @param input.pixels written: (height, width, channels); anything where the answer is false. */
  decode(input: JpegInput & { readonly pixels: Uint8Array }): Promise<boolean>;
  /**
   * What `resample` makes of the decoded pixels, which are never held. Nothing is written where the answer is false, which is there
   * at once where the calling thread was blocked.
   */
  resample(input: JpegInput & Omit<ResampleInput, 'pixels'>): Awaitable<boolean>;
}

/** Rows that training may visit: recipes over `x` with what they are to become. */
export interface RecipeRows {
  /** (·, cols): what `base` and `other` index. */
  readonly x: Float32Array;
  readonly cols: number;
  readonly base: Int32Array;
  /** How many of them, the first ones, are rows of `x` as they are: `other` and `step` have one entry for each of the others. */
  readonly plain: number;
  readonly other: Int32Array;
  readonly step: Float32Array;
  /** Class ids. */
  readonly label: Int32Array;
  /** Of soft labels: the second class, and the share of the first. */
  readonly otherLabel?: Int32Array;
  readonly labelWeight?: Float32Array;
  /** A factor a row. */
  readonly weight?: Float32Array;
}

/** An array that is learnt, and what the rule keeps of each of its numbers: see `LearningRule`. */
export interface Learnt {
  readonly values: Float32Array;
  readonly first?: Float32Array;
  readonly second?: Float32Array;
  readonly sum?: Float64Array;
}

export interface LearntLayer {
  readonly outputs: number;
  /** (outputs, inputs). */
  readonly weight: Learnt;
  readonly bias?: Learnt;
}

/**
 * What a batch does. `momentum`: SGD with the velocity `first`. `adam`: AdamW with the mean `first` and the mean square `second`,
 * after `stepsBefore` steps. `sum`: the values stay, and the gradient of the summed loss is added to `sum`.
 */
export type LearningRule =
  | { readonly kind: 'sum' }
  | {
      readonly kind: 'momentum';
      readonly rate: number;
      readonly momentum: number;
      readonly nesterov: boolean;
      readonly weightDecay: number;
    }
  | {
      readonly kind: 'adam';
      readonly rate: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly weightDecay: number;
      readonly stepsBefore: number;
    };

/** Steps of gradient descent, the batches of `visits` one after the other. */
export interface LearnInput {
  readonly rows: RecipeRows;
  /** Positions in the columns of `rows`. */
  readonly visits: Int32Array;
  /** Rows a step; the last one has what is left. */
  readonly batchSize: number;
  /** From the rows to the logits, a rectifier between two. */
  readonly layers: readonly LearntLayer[];
  readonly loss: CrossEntropyForm;
  readonly rule: LearningRule;
  /** At most this many threads. */
  readonly threads: number;
  /** (steps, 2), written: the summed loss and the summed weights of each batch. A loss that is no number is the last one. */
  readonly losses: Float64Array;
  readonly signal?: AbortSignal;
  /** Called on the way with the steps done so far. */
  readonly onProgress?: (doneSteps: number) => void;
}

export interface Kernels {
  readonly backend: 'addon' | 'wasm' | 'reference';
  /** Instruction set in use: 'avx512', 'avx2', 'baseline', 'simd128', 'javascript', … */
  readonly isa: string;
  /** Off the event loop where the backend can; inputs must stay unchanged until the promise settles. Rejects with ERR_ABORTED. */
  nearest(input: NearestInput): Promise<NearestOutput>;
  /** `out` may share a buffer with `x`, but none of the rows read. */
  interpolate(input: InterpolateInput): void;
  /** `c` must not overlap `a` or `b`. */
  gemm(input: GemmInput): void;
  /** Off the event loop where the backend can, unless it is to block. */
  resample(input: ResampleInput): Promise<void>;
  /** Only where a decoder was compiled in. */
  readonly jpeg?: JpegKernels;
  /**
   * Only where there are threads off the event loop; elsewhere the trainer makes the same steps of the other kernels. Nothing it
   * is given may change until the promise settles. Rejects with ERR_ABORTED.
   */
  learn?(input: LearnInput): Promise<void>;
}
