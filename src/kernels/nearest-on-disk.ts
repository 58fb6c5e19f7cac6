/** Exact search among rows that are not in memory: window by window, the answers put together. */

import ndarray from 'ndarray';
import { iota, rowsIn, type DiskRows } from '../core/disk-rows.js';
import { checkIds, checkRange } from './checked.js';
import type { Kernels, NearestInput, NearestOutput } from './kernels.js';
import { mergeNearest } from './merge.js';

/**
 * What `kernels.nearest` answers for the same rows in memory, to the byte. Half of the rows' `memoryBytes` is for queries, the rest for
 * a window of candidates; where there are more queries than that, the rows are read once for each half of them.
 */
export async function nearestOnDisk(
  kernels: Kernels,
  source: DiskRows,
  { labels, queries, k, among, within, ...rest }: Omit<NearestInput, 'x' | 'rows' | 'cols'>,
): Promise<NearestOutput> {
  const { threads, signal, onProgress } = rest;
  const { count, cols, memoryBytes } = source;
  checkIds('nearest.queries', queries, count);
  checkRange(within, count);
  const { start: low = 0, end: high = count } = within ?? {};
  const room = rowsIn(memoryBytes, cols);
  const some = Math.max(1, Math.min(queries.length, Math.floor(room / 2)));
  const windowRows = Math.max(1, Math.min(high - low, room - some));
  // The queries first, then one window of candidates after the other.
  const x = new Float32Array((some + windowRows) * cols);
  const classes = new Int32Array(among === 'all' ? 0 : some + windowRows);
  const indices = new Int32Array(queries.length * k).fill(-1);
  const l2sq = new Float32Array(queries.length * k).fill(Infinity);
  const exact = new Float64Array(queries.length * k).fill(Infinity);

  for (let first = 0; first < queries.length; first += some) {
    const asked = queries.subarray(first, first + some);
    await source.gather(asked, x);
    if (among !== 'all') asked.forEach((row, q) => (classes[q] = labels[row] as number));
    let found: ReturnType<typeof mergeNearest> | undefined;
    for (let start = low; start < high; start += windowRows) {
      const rows = Math.min(windowRows, high - start);
      await source.gather(iota(rows, start), x.subarray(some * cols));
      if (among !== 'all') classes.set(labels.subarray(start, start + rows), some);
      const here = await kernels.nearest({
        x: x.subarray(0, (some + rows) * cols),
        rows: some + rows,
        cols,
        labels: classes.subarray(0, among === 'all' ? 0 : some + rows),
        // A query that lies in the window is asked for as a row of it, and so excluded from its own answer.
        queries: asked.map((row, q) => (row >= start && row < start + rows ? some + row - start : q)),
        k,
        among,
        within: { start: some, end: some + rows },
        threads,
        ...(signal && { signal }),
      });
      const shape = [asked.length, k];
      const part = {
        indices: ndarray(
          here.indices.map((row) => (row === -1 ? -1 : row - some + start)),
          shape,
        ),
        l2sq: ndarray(here.l2sq, shape),
        exact: ndarray(here.exact, shape),
      };
      found = found ? mergeNearest([found, part]) : part;
      onProgress?.(first + Math.floor((asked.length * (start + rows - low)) / (high - low)));
    }
    if (!found) continue;
    indices.set(found.indices.data, first * k);
    l2sq.set(found.l2sq.data, first * k);
    exact.set(found.exact.data, first * k);
  }
  return { indices, l2sq, exact };
}
