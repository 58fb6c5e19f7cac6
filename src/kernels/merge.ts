/** Puts searches over parts of the rows together. */

import ndarray from 'ndarray';
import { EquipoiseError, expected } from '../core/errors.js';
import type { NearestRows } from './nearest.js';

/**
 * Merges searches for the same queries over disjoint ranges of the candidates (`within`) into what one search over all of them
 * would have answered, to the byte: neighbours rank by their float64 sums, then by row id, as inside one search.
 *
 * @param partials results of `nearest` with the same queries and the same k, in any order.
 * @returns (q, k) like each of them.
 * @throws ERR_OPTION when there are none, ERR_SHAPE when they differ in q or k, ERR_DATA when a row is in two of them.
 *
 * @example
 * const low = await nearest(x, labels, { queries, k: 5, within: { start: 0, end: 500 } });
 * const high = await nearest(x, labels, { queries, k: 5, within: { start: 500, end: 1000 } });
 * const both = mergeNearest([low, high]); // the same as nearest(x, labels, { queries, k: 5 })
 */
export function mergeNearest(partials: readonly NearestRows[]): NearestRows {
  const first = partials[0];
  if (first === undefined) throw expected('at least one result of nearest', 'mergeNearest', partials);
  const [count, k] = first.indices.shape as [number, number];
  for (const [i, { indices, exact }] of partials.entries()) {
    const [otherCount, otherK] = indices.shape;
    if (otherCount !== count || otherK !== k)
      throw new EquipoiseError(
        'ERR_SHAPE',
        `partials[${i}] is of ${otherCount} x ${otherK} neighbours but partials[0] of ${count} x ${k}. Search for the same queries and k`,
      );
    if (!(exact?.data instanceof Float64Array)) throw expected('a result of nearest', `partials[${i}]`, partials[i]);
  }
  const indices = new Int32Array(count * k);
  const exact = new Float64Array(count * k);
  // Where each partial's next neighbour is.
  const heads = new Int32Array(partials.length);
  for (let q = 0; q < count; q++) {
    heads.fill(0);
    for (let rank = 0; rank < k; rank++) {
      let best = 0;
      let bestId = -1;
      let bestSum = Infinity;
      for (let p = 0; p < partials.length; p++) {
        const head = heads[p] as number;
        if (head === k) continue;
        const id = partials[p]?.indices.get(q, head) as number;
        const sum = partials[p]?.exact.get(q, head) as number;
        if (id === -1) continue;
        if (bestId !== -1 && id === bestId)
          throw new EquipoiseError(
            'ERR_DATA',
            `Row ${id} is a neighbour of query ${q} in two results. Merge searches over ranges that do not overlap`,
          );
        if (bestId === -1 || sum < bestSum || (sum === bestSum && id < bestId)) {
          best = p;
          bestId = id;
          bestSum = sum;
        }
      }
      indices[q * k + rank] = bestId;
      exact[q * k + rank] = bestSum;
      if (bestId !== -1) heads[best] = (heads[best] as number) + 1;
    }
  }
  return {
    indices: ndarray(indices, [count, k]),
    l2sq: ndarray(Float32Array.from(exact), [count, k]),
    exact: ndarray(exact, [count, k]),
  };
}
