/** The thread that searches with WebAssembly: one instance a search, so that its memory does not outlive it. */

import { parentPort, workerData } from 'node:worker_threads';
import { EquipoiseError } from '../core/errors.js';
import type { NearestOutput, RowRange } from './kernels.js';
import { checkStatus, WasmInstance, type WasmModule } from './wasm-module.js';

export interface WasmSearch {
  readonly x: Float32Array;
  readonly rows: number;
  readonly cols: number;
  readonly labels: Int32Array;
  readonly queries: Int32Array;
  readonly k: number;
  /** Position in `amongChoices`. */
  readonly among: number;
  /** Candidates. */
  readonly within: RowRange;
  /** Whether to say how far it is. */
  readonly progress: boolean;
}

export type WasmReply = { readonly done: number } | NearestOutput | { readonly failed: string };

const DOING = 'searching nearest rows';
/** Queries between two words of progress. Each slice lays out all candidates anew, so it must be worth that. */
const SLICE = 1024;

function search(
  { x, rows, cols, labels, queries, k, among, within, progress }: WasmSearch,
  say: (done: number) => void,
) {
  const instance = new WasmInstance(workerData as WasmModule);
  const length = queries.length * k;
  return instance.with([x, labels, queries], [length, length, 2 * length], DOING, (pointers) => {
    const [atX = 0, atLabels = 0, atQueries = 0, atIndices = 0, atL2sq = 0, atExact = 0] = pointers;
    const slice = progress ? SLICE : Math.max(1, queries.length);
    for (let start = 0; start < queries.length; start += slice) {
      if (start > 0) say(start);
      const count = Math.min(slice, queries.length - start);
      const from = 4 * start;
      checkStatus(
        instance.exports.nearest(
          atX,
          rows,
          cols,
          atLabels,
          atQueries + from,
          count,
          k,
          among,
          within.start,
          within.end,
          atIndices + from * k,
          atL2sq + from * k,
          atExact + 2 * from * k,
        ),
        DOING,
      );
    }
    return {
      indices: instance.ints(atIndices, length).slice(),
      l2sq: instance.floats(atL2sq, length).slice(),
      exact: instance.doubles(atExact, length).slice(),
    };
  });
}

const port = parentPort!;
port.on('message', (input: WasmSearch) => {
  try {
    const found = search(input, (done) => port.postMessage({ done } satisfies WasmReply));
    port.postMessage(found satisfies WasmReply, [found.indices.buffer, found.l2sq.buffer, found.exact.buffer]);
  } catch (error) {
    const { message } = error as Error;
    port.postMessage({
      failed: error instanceof EquipoiseError ? message : `WebAssembly: ${message}`,
    } satisfies WasmReply);
  }
});
