/** Nearest rows of one part of a set to the rows of another. */

import { takeRows, type Dense } from '../core/matrix.js';
import type { NeighborQuery, Neighbors } from './search.js';

export interface AmongQuery {
  /** Rows to search for. */
  readonly queries: Int32Array;
  /** Rows to choose from; one that is a query, too, is its own nearest. */
  readonly candidates: Int32Array;
  /** Cut to the candidates there are. */
  readonly k: number;
  /** Called for some queries at a time, in order: those from `start` on; ids are rows of the set. */
  readonly found: (neighbors: Neighbors, start: number) => void;
}

/** So many queries share one copy of the candidates: enough that the copy costs little beside the search. */
const mostQueries = 4096;

/** Entries of the lists of some queries: 32 MiB with their distances. */
const mostEntries = 1 << 22;

/** Memory: the candidates once more, some queries and their lists. */
export async function nearestAmong(
  x: Dense,
  search: (query: NeighborQuery) => Promise<Neighbors>,
  { queries, candidates, k: asked, found }: AmongQuery,
): Promise<void> {
  const k = Math.min(asked, candidates.length);
  if (k === 0) return;
  const size = Math.max(1, Math.min(mostQueries, queries.length, Math.floor(mostEntries / k)));
  const { data } = takeRows(x, candidates);
  const space = new Float32Array((candidates.length + size) * x.cols);
  space.set(data);
  for (let start = 0; start < queries.length; start += size) {
    const some = queries.subarray(start, start + size);
    space.set(takeRows(x, some).data, data.length);
    const rows = candidates.length + some.length;
    const neighbors = await search({
      k,
      // Candidates are of class 0 here and queries of class 1.
      among: 'enemies',
      space: { data: space.subarray(0, rows * x.cols), rows, cols: x.cols },
      labels: new Int32Array(rows).fill(1, candidates.length),
      rows: Int32Array.from(some, (_, i) => candidates.length + i),
    });
    found({ ...neighbors, indices: neighbors.indices.map((at) => candidates[at] as number) }, start);
  }
}
