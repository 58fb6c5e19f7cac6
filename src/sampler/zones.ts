/** Where a row stands among the classes, by the labels of its nearest rows (Han, Wang, Mao 2005). */

import type { Neighbors } from './sampler.js';

/** How many of the `k` nearest rows of each row are of another class; `rows` in the order of the search. */
export function enemyCounts(
  rows: Int32Array,
  { k: stride, indices }: Neighbors,
  labels: Int32Array,
  k = stride,
): Int32Array {
  return rows.map((row, q) => {
    let enemies = 0;
    for (let rank = 0; rank < k; rank++) {
      const neighbor = indices[q * stride + rank] as number;
      if (neighbor >= 0 && labels[neighbor] !== labels[row]) enemies++;
    }
    return enemies;
  });
}

/**
 * Noise has only enemies around it, danger at least half, safe fewer.
 *
 * @example
 * [1, 2, 3, 4].map((enemies) => zoneOf(enemies, 4));   // safe, danger, danger, noise
 */
export function zoneOf(enemies: number, m: number): 'safe' | 'danger' | 'noise' {
  if (enemies === m) return 'noise';
  return enemies >= m / 2 ? 'danger' : 'safe';
}
