/**
 * The WebAssembly backend: the C++ core in one file for every platform. Its memory is its own, so inputs are copied in and
 * results out.
 */

import type { Kernels } from './kernels.js';
import { checkStatus, WasmInstance, type WasmModule } from './wasm-module.js';
import { wasmSearcher } from './wasm-search.js';

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
  };
}
