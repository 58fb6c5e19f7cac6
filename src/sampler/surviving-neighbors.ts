/** Nearest rows among those that are left, while a method removes more and more of them. */

import { takeRows } from '../core/matrix.js';
import type { UnderTask } from './define-under-sampler.js';
import type { Neighbors } from './search.js';

/** So many more neighbours than asked for are remembered: a search costs hardly more for them, and each replaces one that is removed. */
const spare = 8;

export interface SurvivingNeighbors {
  /** The k nearest kept rows of each row of `rows`, which are kept themselves; fewer columns where fewer are left. */
  nearest(rows: Int32Array, keep: Uint8Array): Promise<Pick<Neighbors, 'k' | 'indices'>>;
}

/** One search over all rows, and one over those left whenever so many neighbours of a row are gone that its list does not tell. */
export function survivingNeighbors(
  { x, search }: Pick<UnderTask<unknown>, 'x' | 'search'>,
  k: number,
): SurvivingNeighbors {
  const { rows: n } = x;
  const length = Math.max(0, Math.min(k + spare, n - 1));
  /** By row: its nearest rows, nearest first, some of them removed since; −1 where there were no more. */
  const lists = new Int32Array(n * length).fill(-1);

  async function look(rows: Int32Array, keep: Uint8Array): Promise<void> {
    const left = Int32Array.from(keep.keys()).filter((row) => keep[row]);
    const position = new Int32Array(n);
    left.forEach((row, at) => (position[row] = at));
    const space = left.length === n ? x : takeRows(x, left);
    const found = await search({ k: length, among: 'all', space, rows: rows.map((row) => position[row] as number) });
    rows.forEach((row, i) => {
      const nearest = found.indices.subarray(i * found.k, (i + 1) * found.k);
      lists.fill(-1, row * length, (row + 1) * length);
      lists.set(
        nearest.map((at) => left[at] as number),
        row * length,
      );
    });
  }

  return {
    async nearest(rows, keep) {
      const width = Math.min(k, keep.reduce((sum, kept) => sum + kept, 0) - 1);
      const indices = new Int32Array(rows.length * width);
      /** Whether the list of the row says enough. */
      const fill = (at: number): boolean => {
        const first = (rows[at] as number) * length;
        let filled = 0;
        for (let i = first; i < first + length && filled < width; i++) {
          const other = lists[i] as number;
          if (other < 0) break;
          if (keep[other]) indices[at * width + filled++] = other;
        }
        return filled === width;
      };
      const open = rows.map((_, at) => at).filter((at) => !fill(at));
      if (open.length > 0) {
        await look(
          open.map((at) => rows[at] as number),
          keep,
        );
        for (const at of open) fill(at);
      }
      return { k: width, indices };
    },
  };
}
