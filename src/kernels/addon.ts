/** The C++ backend: wraps the functions of native/node/addon.cpp, which trust what `checked.ts` has let through. */

import { andThen } from '../core/awaitable.js';
import { EquipoiseError, throwIfAborted } from '../core/errors.js';
import {
  amongChoices,
  type JpegKernels,
  type Kernels,
  type LearnInput,
  type LearningRule,
  type ResampleInput,
} from './kernels.js';

/** As `Status` in native/core/kernels.hpp. */
type Status = 0 | 1 | 2 | 3;
const DECODED = 0;
const OUT_OF_MEMORY = 2;

type ResamplingArguments = ReturnType<typeof resamplingArguments>;

/** All but the pixels, or the file that they come from. */
function resamplingArguments(input: Omit<ResampleInput, 'pixels'>) {
  const { width, height, channels, across, down, values, order, out, start, rowStep, pixelStep, channelStep } = input;
  return [
    width,
    height,
    channels,
    across.first,
    across.count,
    across.weights,
    down.first,
    down.count,
    down.weights,
    values,
    order,
    out,
    start,
    rowStep,
    pixelStep,
    channelStep,
    input.blocking ?? false,
  ] as const;
}

/** What the .node file exports. */
export interface Addon {
  /** Instruction sets that were compiled in and that this CPU has, fastest first. */
  readonly isas: readonly string[];
  /** Those of them with a dot product of bytes. */
  readonly int8Isas: readonly string[];
  nearest(
    isa: string,
    x: Float32Array,
    rows: number,
    cols: number,
    labels: Int32Array,
    queries: Int32Array,
    k: number,
    among: number,
    threads: number,
    indices: Int32Array,
    l2sq: Float32Array,
    /** [stop, queries done]: read and written by the running search. */
    control: Int32Array,
    first: number,
    last: number,
    exact: Float64Array,
    /** Index in `screens`. */
    screen: number,
  ): Promise<Status>;
  interpolate(
    isa: string,
    x: Float32Array,
    cols: number,
    base: Int32Array,
    other: Int32Array,
    step: Float32Array,
    threads: number,
    out: Float32Array,
  ): void;
  gemm(
    isa: string,
    a: Float32Array,
    b: Float32Array,
    c: Float32Array,
    m: number,
    n: number,
    k: number,
    transposeA: boolean,
    transposeB: boolean,
    alpha: number,
    beta: number,
  ): Status;
  resample(isa: string, pixels: Uint8Array, ...rest: ResamplingArguments): Status | Promise<Status>;
  /** Absent where no decoder was linked in. */
  readonly jpeg?: {
    readonly library: string;
    decode(bytes: Uint8Array, width: number, height: number, channels: number, pixels: Uint8Array): Promise<Status>;
    resample(isa: string, bytes: Uint8Array, ...rest: ResamplingArguments): Status | Promise<Status>;
  };
  /** @param rule index in `rules`; @param control [stop, steps done]. */
  learn(isa: string, input: LearnInput, rule: number, control: Int32Array): Promise<Status>;
}

/** As `Rule` in native/core/kernels.hpp. */
const rules: readonly LearningRule['kind'][] = ['sum', 'momentum', 'adam'];

/** How the addon finds candidates: int8 where it pays, float32 only, int8 wherever it can. The answer is the same. */
export const screens = ['auto', 'off', 'int8'] as const;
export type Screen = (typeof screens)[number];

const STOP = 0;
const DONE = 1;
const PROGRESS_EVERY_MS = 50;

function checkMemory(status: Status, doing: string): void {
  if (status === OUT_OF_MEMORY)
    throw new EquipoiseError('ERR_ENVIRONMENT', `Out of memory while ${doing}. Use fewer threads or a larger machine`);
}

/** Runs work that reads and writes `control` ([stop, done]): the signal sets the one, progress is told from the other. */
async function watched(
  doing: string,
  { signal, onProgress }: Pick<LearnInput, 'signal' | 'onProgress'>,
  work: (control: Int32Array) => Promise<Status>,
): Promise<void> {
  const control = new Int32Array(2);
  const stop = () => Atomics.store(control, STOP, 1);
  signal?.addEventListener('abort', stop, { once: true });
  let told = 0;
  const tell = () => {
    const done = Atomics.load(control, DONE);
    if (done > told) onProgress?.((told = done));
  };
  const timer = onProgress && setInterval(tell, PROGRESS_EVERY_MS);
  try {
    checkMemory(await work(control), doing);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', stop);
  }
  throwIfAborted(signal, doing);
}

function jpegKernels(addon: NonNullable<Addon['jpeg']>, isa: string): JpegKernels {
  const decoded = (status: Status) => {
    checkMemory(status, 'decoding an image');
    return status === DECODED;
  };
  return {
    library: addon.library,
    decode: async ({ bytes, width, height, channels, pixels }) =>
      decoded(await addon.decode(bytes, width, height, channels, pixels)),
    resample: (input) => andThen(addon.resample(isa, input.bytes, ...resamplingArguments(input)), decoded),
  };
}

/** @param isa one of `addon.isas`. */
export function addonKernels(addon: Addon, isa: string, screen: Screen): Kernels {
  return {
    backend: 'addon',
    isa,
    async nearest({ x, rows, cols, labels, queries, k, among, threads, within, signal, onProgress }) {
      const indices = new Int32Array(queries.length * k);
      const l2sq = new Float32Array(queries.length * k);
      const exact = new Float64Array(queries.length * k);
      const scope = amongChoices.indexOf(among);
      const { start = 0, end = rows } = within ?? {};
      let told = 0;
      const tell = onProgress && ((done: number) => onProgress((told = done)));
      await watched(
        'searching nearest rows',
        { ...(signal && { signal }), ...(tell && { onProgress: tell }) },
        (control) =>
          addon.nearest(
            isa,
            x,
            rows,
            cols,
            labels,
            queries,
            k,
            scope,
            threads,
            indices,
            l2sq,
            control,
            start,
            end,
            exact,
            screens.indexOf(screen),
          ),
      );
      if (told < queries.length) tell?.(queries.length);
      return { indices, l2sq, exact };
    },
    interpolate({ x, cols, base, other, step, threads = 1, out }) {
      addon.interpolate(isa, x, cols, base, other, step, threads, out);
    },
    gemm({ a, b, c, m, n, k, transposeA, transposeB, alpha, beta }) {
      checkMemory(addon.gemm(isa, a, b, c, m, n, k, transposeA, transposeB, alpha, beta), 'multiplying matrices');
    },
    async resample(input) {
      checkMemory(await addon.resample(isa, input.pixels, ...resamplingArguments(input)), 'resizing an image');
    },
    ...(addon.jpeg && { jpeg: jpegKernels(addon.jpeg, isa) }),
    learn: (input) =>
      watched('training', input, (control) => addon.learn(isa, input, rules.indexOf(input.rule.kind), control)),
  };
}
