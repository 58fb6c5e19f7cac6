/** The slow, obvious version of every kernel: the oracle of the conformance suite and the last fallback. */

import { throwIfAborted } from '../core/errors.js';
import type { GemmInput, InterpolateInput, Kernels, NearestInput, NearestOutput, ResampleInput } from './kernels.js';

/** Squared distance of rows `a` and `b` in canonical arithmetic. */
function l2sq(x: Float32Array, cols: number, a: number, b: number): number {
  const lane = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let j = 0; j < cols; j++) {
    const difference = (x[a * cols + j] as number) - (x[b * cols + j] as number);
    lane[j % 8] = (lane[j % 8] as number) + difference * difference;
  }
  const [l0, l1, l2, l3, l4, l5, l6, l7] = lane as [number, number, number, number, number, number, number, number];
  return l0 + l4 + (l2 + l6) + (l1 + l5 + (l3 + l7));
}

async function nearest(input: NearestInput): Promise<NearestOutput> {
  const { x, rows, cols, labels, queries, k, among, signal, onProgress } = input;
  const { start, end } = input.within ?? { start: 0, end: rows };
  const indices = new Int32Array(queries.length * k).fill(-1);
  const exact = new Float64Array(queries.length * k).fill(Infinity);
  let pause = performance.now();
  for (let q = 0; q < queries.length; q++) {
    throwIfAborted(signal, 'searching nearest rows');
    const query = queries[q] as number;
    const found: { id: number; l2sq: number }[] = [];
    for (let id = start; id < end; id++) {
      if (id === query) continue;
      if (among === 'same-class' && labels[id] !== labels[query]) continue;
      if (among === 'enemies' && labels[id] === labels[query]) continue;
      found.push({ id, l2sq: l2sq(x, cols, query, id) });
    }
    found.sort((a, b) => a.l2sq - b.l2sq || a.id - b.id);
    for (const [rank, row] of found.slice(0, k).entries()) {
      indices[q * k + rank] = row.id;
      exact[q * k + rank] = row.l2sq;
    }
    if (performance.now() - pause > 20) {
      if (q + 1 < queries.length) onProgress?.(q + 1);
      await new Promise((resume) => setImmediate(resume));
      pause = performance.now();
    }
  }
  throwIfAborted(signal, 'searching nearest rows');
  onProgress?.(queries.length);
  return { indices, l2sq: Float32Array.from(exact), exact };
}

function interpolate({ x, cols, base, other, step, out }: InterpolateInput): void {
  const round = Math.fround;
  for (let r = 0; r < base.length; r++) {
    const from = (base[r] as number) * cols;
    const to = (other[r] as number) * cols;
    const share = step[r] as number;
    if (share === 0) {
      out.set(x.subarray(from, from + cols), r * cols);
      continue;
    }
    for (let j = 0; j < cols; j++) {
      const a = x[from + j] as number;
      const b = x[to + j] as number;
      const low = a < b ? a : b;
      const high = a < b ? b : a;
      const y = round(a + round(share * round(b - a)));
      out[r * cols + j] = y >= low ? (y <= high ? y : high) : low;
    }
  }
}

function gemm({ a, b, c, m, n, k, transposeA, transposeB, alpha, beta }: GemmInput): void {
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++)
        sum += (a[transposeA ? p * m + i : i * k + p] as number) * (b[transposeB ? j * k + p : p * n + j] as number);
      const at = i * n + j;
      c[at] = alpha * sum + (beta === 0 ? 0 : beta * (c[at] as number));
    }
}

const FRACTION_BITS = 22;

/** A weighted sum of the bytes at `from`, `from + step`, … */
function filtered(
  bytes: Uint8Array,
  from: number,
  step: number,
  weights: Int32Array,
  at: number,
  count: number,
): number {
  let sum = 1 << (FRACTION_BITS - 1);
  for (let j = 0; j < count; j++) sum += (bytes[from + j * step] as number) * (weights[at + j] as number);
  return Math.min(255, Math.max(0, sum >> FRACTION_BITS));
}

async function resample(input: ResampleInput): Promise<void> {
  const { pixels, width, height, channels, across, down, values, order, out } = input;
  const columns = across.first.length;
  const acrossStride = across.weights.length / columns;
  const downStride = down.weights.length / down.first.length;
  const length = columns * channels;
  const rows = new Uint8Array(height * length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < columns; x++)
      for (let c = 0; c < channels; c++) {
        const from = (y * width + (across.first[x] as number)) * channels + c;
        const count = across.count[x] as number;
        rows[y * length + x * channels + c] = filtered(pixels, from, channels, across.weights, x * acrossStride, count);
      }
  for (let y = 0; y < down.first.length; y++)
    for (let x = 0; x < columns; x++)
      for (let c = 0; c < order.length; c++) {
        const from = (down.first[y] as number) * length + x * channels + (order[c] as number);
        const byte = filtered(rows, from, length, down.weights, y * downStride, down.count[y] as number);
        const at = input.start + y * input.rowStep + x * input.pixelStep + c * input.channelStep;
        out[at] = values[256 * c + byte] as number;
      }
}

export const referenceKernels: Kernels = {
  backend: 'reference',
  isa: 'javascript',
  nearest,
  interpolate,
  gemm,
  resample,
};
