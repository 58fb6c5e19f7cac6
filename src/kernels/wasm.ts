/**
 * The WebAssembly backend: the C++ core in one file for every platform. Its memory is its own, so inputs are copied in and
 * results out; searches run one to a worker thread, each single-threaded.
 */

import { Worker } from 'node:worker_threads';
import { EquipoiseError, throwIfAborted } from '../core/errors.js';
import { amongChoices, type Kernels, type NearestInput, type NearestOutput } from './kernels.js';
import { checkStatus, WasmInstance, type WasmModule } from './wasm-module.js';
import type { WasmReply, WasmSearch } from './wasm-worker.js';

/** A worker that has had nothing to do for this long is ended: only so does its memory go back to the system. */
const IDLE_MS = 1000;
/** Rows of an interpolation go through the module in blocks of this many numbers. */
const BLOCK = 1 << 18;

/** A copy that can be given to another thread; shared memory need not be copied. */
function handedOver<T extends Float32Array | Int32Array>(values: T, transfer: ArrayBuffer[]): T {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const copy = values.slice();
  transfer.push(copy.buffer as ArrayBuffer);
  return copy as T;
}

class Searchers {
  readonly #module: WasmModule;
  readonly #idle: { worker: Worker; end: NodeJS.Timeout }[] = [];

  constructor(module: WasmModule) {
    this.#module = module;
  }

  async search(input: NearestInput): Promise<NearestOutput> {
    const { rows, cols, k, signal, onProgress } = input;
    const worker = this.#take();
    const transfer: ArrayBuffer[] = [];
    const search: WasmSearch = {
      x: handedOver(input.x, transfer),
      rows,
      cols,
      labels: handedOver(input.labels, transfer),
      queries: handedOver(input.queries, transfer),
      k,
      among: amongChoices.indexOf(input.among),
      progress: onProgress !== undefined,
    };
    let found: NearestOutput;
    let unlisten = () => {};
    try {
      found = await new Promise((resolve, reject) => {
        const fail = (why: string) => reject(new EquipoiseError('ERR_ENVIRONMENT', why));
        const stop = () => fail('Stopped');
        const hear = (reply: WasmReply) => {
          if ('done' in reply) onProgress?.(reply.done);
          else if ('failed' in reply) fail(reply.failed);
          else resolve(reply);
        };
        const die = (error: Error) => fail(`The thread that searches with WebAssembly stopped: ${error.message}`);
        unlisten = () => {
          signal?.removeEventListener('abort', stop);
          worker.off('message', hear).off('error', die);
        };
        signal?.addEventListener('abort', stop);
        worker.on('message', hear).on('error', die);
        worker.ref();
        worker.postMessage(search, transfer);
      });
    } catch (error) {
      // Ending the thread is also how a search is stopped in the middle.
      void worker.terminate();
      throwIfAborted(signal, 'searching nearest rows');
      throw error;
    } finally {
      unlisten();
    }
    this.#giveBack(worker);
    onProgress?.(input.queries.length);
    return found;
  }

  #take(): Worker {
    const free = this.#idle.pop();
    if (!free)
      return new Worker(new URL('./wasm-worker.js', import.meta.url), { workerData: this.#module, execArgv: [] });
    clearTimeout(free.end);
    return free.worker;
  }

  #giveBack(worker: Worker): void {
    worker.unref();
    const end = setTimeout(() => {
      this.#idle.splice(this.#idle.indexOf(free), 1);
      void worker.terminate();
    }, IDLE_MS).unref();
    const free = { worker, end };
    this.#idle.push(free);
  }
}

export function wasmKernels(module: WasmModule): Kernels {
  const instance = new WasmInstance(module);
  const searchers = new Searchers(module);
  return {
    backend: 'wasm',
    isa: 'simd128',
    nearest: (input) => searchers.search(input),
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
