/** Rows with the same bytes: the same item stored twice, or two items that the backbone cannot tell apart. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import { labelsOf } from '../core/targets.js';
import { dense, type Dense } from '../core/matrix.js';

/** Row `row` of matrix `matrix`. */
export interface RowPlace {
  readonly matrix: number;
  readonly row: number;
}

/** Groups of two or more rows with equal bytes over several matrices of one width, each group in order of matrix and row. */
export function equalRows(matrices: readonly Dense[]): RowPlace[][] {
  const words = matrices.map(({ data }) => new Uint32Array(data.buffer, data.byteOffset, data.length));
  const cols = matrices[0]?.cols ?? 0;
  const same = (a: RowPlace, b: RowPlace) => {
    const [left, right] = [words[a.matrix]!, words[b.matrix]!];
    for (let j = 0; j < cols; j++) if (left[a.row * cols + j] !== right[b.row * cols + j]) return false;
    return true;
  };
  // One hash may hold different rows: every group of a bucket is compared word by word.
  const buckets = new Map<number, RowPlace[][]>();
  for (const [matrix, { rows }] of matrices.entries())
    for (let row = 0; row < rows; row++) {
      let hash = 0x811c9dc5;
      for (let j = 0; j < cols; j++) {
        hash = Math.imul(hash ^ (words[matrix]![row * cols + j] as number), 0x01000193);
        // A product carries upwards only, and whole numbers differ in their high bits only.
        hash ^= hash >>> 15;
      }
      const place = { matrix, row };
      const bucket = buckets.get(hash);
      const group = bucket?.find(([first]) => same(first!, place));
      if (group) group.push(place);
      else if (bucket) bucket.push([place]);
      else buckets.set(hash, [[place]]);
    }
  return [...buckets.values()].flat().filter((group) => group.length > 1);
}

export interface DuplicateRows {
  readonly ids: string[];
  /** Class names that occur among them, more than one where equal rows carry different labels. */
  readonly labels: string[];
}

/**
 * Finds the rows of a set whose embeddings are equal to the bit.
 * @returns one entry a group of equal rows, in the order of their first row.
 *
 * @example
 * findDuplicates(fromArrays({ data: new Float32Array([1, 2, 1]), shape: [3, 1] }, ['a', 'a', 'b']));
 * // [{ ids: ['0', '2'], labels: ['a', 'b'] }]
 */
export function findDuplicates(set: EmbeddingSet): DuplicateRows[] {
  return equalRows([dense(set.embeddings)]).map((group) => ({
    ids: group.map(({ row }) => set.ids[row] as string),
    labels: [...new Set(group.flatMap(({ row }) => labelsOf(set, row)))],
  }));
}
