import { expected } from '../core/errors.js';
import { integer } from '../core/options.js';
import type { Neighbors } from './search.js';
import { defineUnderSampler, keepAll, keepOnly, lowest } from './define-under-sampler.js';
import { usedNeighbors } from './define-sampler.js';

const SHORTLIST = 3;

/** Sums the last `count` distances of each query of some. */
function sumDistances({ k, l2sq }: Neighbors, count: number, into: Float64Array, start: number): void {
  for (let q = 0; q < l2sq.length / k; q++)
    for (let rank = k - count; rank < k; rank++)
      into[start + q] = (into[start + q] as number) + Math.sqrt(l2sq[q * k + rank] as number);
}

/**
 * Distances are to rows of the smallest class. Where version 3 chooses fewer rows than the class is to have, all of them stay and
 * the plan says so.
 */
export const nearMiss = defineUnderSampler({
  name: 'near-miss',
  summary: 'keep the rows of the large classes that are nearest to the smallest class',
  paper:
    'Mani, Zhang, "kNN Approach to Unbalanced Data Distributions: A Case Study Involving Information Extraction", ICML Workshop on Learning from Imbalanced Datasets (2003)',
  totals: 'approximate',
  options: {
    version: integer({
      min: 1,
      max: 3,
      default: 1,
      help: '1: smallest mean distance to the kNeighbors nearest rows of the smallest class; 2: to its kNeighbors farthest rows; 3: of the rows among the shortlist nearest of any of its rows, those farthest by the distance of 1',
    }),
    kNeighbors: integer({
      min: 1,
      default: 3,
      help: 'rows of the smallest class whose distances are averaged; small: one odd row decides; large: only the centre of the class counts',
    }),
    shortlist: integer({
      min: 1,
      default: SHORTLIST,
      help: 'version 3 only: rows chosen around each row of the smallest class; too small: fewer rows than wanted; large: approaches a choice among all',
    }),
  },
  check({ version, shortlist }) {
    if (version !== 3 && shortlist !== SHORTLIST)
      throw expected(String(SHORTLIST), 'near-miss.shortlist', shortlist, `Version ${version} makes no shortlist`);
  },
  async select(task) {
    const { members, minority, totals, targets, searchAmong } = task;
    const { version, kNeighbors, shortlist } = task.options;
    const small = members[minority] as Int32Array;
    const count = Math.min(kNeighbors, small.length);
    const keep = keepAll(task);
    const notes = new Map<number, { kNeighbors?: number; fallback?: string }>();
    for (const c of targets) {
      const own = members[c] as Int32Array;
      const total = totals[c] as number;
      let rows = own;
      if (version === 3) {
        const listed = new Set<number>();
        await searchAmong({
          queries: small,
          candidates: own,
          k: shortlist,
          found: ({ indices }) => indices.forEach((row) => listed.add(row)),
        });
        rows = Int32Array.from(listed).sort();
      }
      const sums = new Float64Array(rows.length);
      await searchAmong({
        queries: rows,
        candidates: small,
        k: version === 2 ? small.length : count,
        found: (neighbors, start) => sumDistances(neighbors, count, sums, start),
      });
      keepOnly(keep, own, lowest(rows, version === 3 ? sums.map((sum) => -sum) : sums, total));
      notes.set(c, {
        ...usedNeighbors(kNeighbors, count),
        ...(rows.length < total && { fallback: `only ${rows.length} rows are on the shortlist: ${total} were wanted` }),
      });
    }
    return { keep, notes };
  },
});
