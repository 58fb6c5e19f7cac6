/** Searches in worker threads: each has an instance with a copy of the matrix, and takes a share of the queries. */

import { Worker } from 'node:worker_threads';
import { EquipoiseError, throwIfAborted } from '../core/errors.js';
import { amongChoices, type NearestInput, type NearestOutput } from './kernels.js';
import { checkBytes, type WasmModule } from './wasm-module.js';
import type { WasmReply, WasmSearch } from './wasm-worker.js';

const DOING = 'searching nearest rows';
/** A worker that has had nothing to do for this long is ended: only so does its memory go back to the system. */
const IDLE_MS = 1000;
/** Fewer queries than these are not worth a thread with a copy of the matrix of its own. */
const QUERIES_A_THREAD = 256;
/** All copies together are no larger, unless one is. */
const COPIES_BYTES = 2 ** 31;

/** A copy that several threads can read. */
function shared<T extends Float32Array | Int32Array>(values: T): T {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const buffer = new SharedArrayBuffer(values.byteLength);
  const copy = values instanceof Float32Array ? new Float32Array(buffer) : new Int32Array(buffer);
  copy.set(values);
  return copy as T;
}

export function wasmSearcher(module: WasmModule): (input: NearestInput) => Promise<NearestOutput> {
  const idle: { worker: Worker; end: NodeJS.Timeout }[] = [];

  function take(): Worker {
    const free = idle.pop();
    clearTimeout(free?.end);
    return (
      free?.worker ?? new Worker(new URL('./wasm-worker.js', import.meta.url), { workerData: module, execArgv: [] })
    );
  }

  function giveBack(worker: Worker): void {
    worker.unref();
    const free = { worker, end: setTimeout(end, IDLE_MS).unref() };
    idle.push(free);
    function end() {
      idle.splice(idle.indexOf(free), 1);
      void worker.terminate();
    }
  }

  /** One thread's share. Ending the thread is also how a search is stopped in the middle. */
  async function ask(search: WasmSearch, signal: AbortSignal, onProgress: (done: number) => void) {
    const worker = take();
    let unlisten = () => {};
    try {
      const found = await new Promise<NearestOutput>((resolve, reject) => {
        const fail = (why: string) => reject(new EquipoiseError('ERR_ENVIRONMENT', why));
        const stop = () => fail('Stopped');
        const die = ({ message }: Error) => fail(`The thread that searches with WebAssembly stopped: ${message}`);
        const hear = (reply: WasmReply) => {
          if ('done' in reply) onProgress(reply.done);
          else if ('failed' in reply) fail(reply.failed);
          else resolve(reply);
        };
        unlisten = () => {
          signal.removeEventListener('abort', stop);
          worker.off('message', hear).off('error', die);
        };
        signal.addEventListener('abort', stop);
        worker.on('message', hear).on('error', die);
        worker.ref();
        worker.postMessage(search);
      });
      giveBack(worker);
      return found;
    } catch (error) {
      void worker.terminate();
      throw error;
    } finally {
      unlisten();
    }
  }

  return async ({ x, rows, cols, labels, queries, k, among, threads, within, signal, onProgress }) => {
    // Before it is copied for the threads.
    checkBytes(x.byteLength, DOING);
    const parts = Math.max(
      1,
      Math.min(threads, Math.ceil(queries.length / QUERIES_A_THREAD), Math.floor(COPIES_BYTES / (x.byteLength + 1))),
    );
    const share = Math.ceil(queries.length / parts);
    const indices = new Int32Array(queries.length * k);
    const l2sq = new Float32Array(queries.length * k);
    const exact = new Float64Array(queries.length * k);
    const common = {
      x: shared(x),
      rows,
      cols,
      labels: shared(labels),
      k,
      among: amongChoices.indexOf(among),
      within: within ?? { start: 0, end: rows },
    };
    // Where one share fails the others need not go on.
    const stopping = new AbortController();
    const stop = () => stopping.abort();
    signal?.addEventListener('abort', stop);
    const done = new Int32Array(parts);
    try {
      await Promise.all(
        Array.from(done, async (_, part) => {
          const start = part * share;
          const search = {
            ...common,
            queries: queries.slice(start, start + share),
            progress: onProgress !== undefined,
          };
          const found = await ask(search, stopping.signal, (count) => tell(part, count));
          indices.set(found.indices, start * k);
          l2sq.set(found.l2sq, start * k);
          exact.set(found.exact, start * k);
          tell(part, search.queries.length);
        }),
      );
    } catch (error) {
      stop();
      throwIfAborted(signal, DOING);
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    return { indices, l2sq, exact };

    function tell(part: number, count: number) {
      done[part] = count;
      onProgress?.(done.reduce((sum, value) => sum + value, 0));
    }
  };
}
