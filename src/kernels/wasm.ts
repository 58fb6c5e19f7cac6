/**
 * The WebAssembly backend: the C++ core in one file for every platform. Its memory is its own, so inputs are copied in and
 * results out.
 */

import type { Kernels, Taps } from './kernels.js';
import { checkStatus, WasmInstance, type WasmModule } from './wasm-module.js';
import { wasmSearcher } from './wasm-search.js';

/** One behind the other, as the module takes them. */
function flat({ first, count, weights }: Taps): Int32Array {
  const all = new Int32Array(first.length + count.length + weights.length);
  all.set(first);
  all.set(count, first.length);
  all.set(weights, first.length + count.length);
  return all;
}

/** Rows of an interpolation go through the module in blocks of this many numbers. */
const BLOCK = 1 << 18;

export function wasmKernels(module: WasmModule): Kernels {
  const instance = new WasmInstance(module);
  return {
    backend: 'wasm',
    isa: 'simd128',
    nearest: wasmSearcher(module),
    interpolate({ x, cols, base, other, step, out }) {
      const block = Math.max(1, Math.min(base.length, Math.floor(BLOCK / cols)));
      const rooms = [2 * block * cols, 2 * block, block, block * cols];
      instance.with([], rooms, 'interpolating rows', (pointers) => {
        const [atRows, atIds, atStep, atOut] = pointers as [number, number, number, number];
        const rows = instance.floats(atRows, 2 * block * cols);
        const steps = instance.floats(atStep, block);
        const results = instance.floats(atOut, block * cols);
        // The rows of the block in the order base, other, base, other, …
        const ids = instance.ints(atIds, 2 * block);
        for (let r = 0; r < block; r++) {
          ids[r] = 2 * r;
          ids[block + r] = 2 * r + 1;
        }
        for (let start = 0; start < base.length; start += block) {
          const count = Math.min(block, base.length - start);
          for (let r = 0; r < count; r++) {
            const from = (base[start + r] as number) * cols;
            const to = (other[start + r] as number) * cols;
            rows.set(x.subarray(from, from + cols), 2 * r * cols);
            rows.set(x.subarray(to, to + cols), (2 * r + 1) * cols);
          }
          steps.set(step.subarray(start, start + count));
          instance.exports.interpolate(atRows, cols, atIds, atIds + 4 * block, atStep, count, atOut);
          out.set(results.subarray(0, count * cols), start * cols);
        }
      });
    },
    gemm({ a, b, c, m, n, k, transposeA, transposeB, alpha, beta }) {
      const doing = 'multiplying matrices';
      instance.with([a, b, c], [], doing, (pointers) => {
        const [atA, atB, atC] = pointers as [number, number, number];
        checkStatus(instance.exports.gemm(atA, atB, atC, m, n, k, transposeA, transposeB, alpha, beta), doing);
        c.set(instance.floats(atC, c.length));
      });
    },
    async resample({ pixels, width, height, channels, across, down, values, order, out, start, ...steps }) {
      const doing = 'resizing an image';
      const [rows, columns] = [down.first.length, across.first.length];
      const area = rows * columns;
      if (area === 0) return;
      const inputs = [pixels, flat(across), flat(down), values, order];
      instance.with(inputs, [area * order.length], doing, (pointers) => {
        const [atPixels = 0, atAcross = 0, atDown = 0, atValues = 0, atOrder = 0, atOut = 0] = pointers;
        checkStatus(
          instance.exports.resample(
            atPixels,
            width,
            height,
            channels,
            columns,
            atAcross,
            across.weights.length / columns,
            rows,
            atDown,
            down.weights.length / rows,
            atValues,
            atOrder,
            order.length,
            atOut,
            columns,
            1,
            area,
          ),
          doing,
        );
        const made = instance.floats(atOut, area * order.length);
        for (let c = 0; c < order.length; c++)
          for (let y = 0; y < rows; y++) {
            const from = c * area + y * columns;
            const to = start + c * steps.channelStep + y * steps.rowStep;
            if (steps.pixelStep === 1) out.set(made.subarray(from, from + columns), to);
            else for (let x = 0; x < columns; x++) out[to + x * steps.pixelStep] = made[from + x] as number;
          }
      });
    },
  };
}
