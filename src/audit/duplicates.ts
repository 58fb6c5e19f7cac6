/** Rows with the same bytes: the same item stored twice, or two items that the backbone cannot tell apart. */

import { createHash } from 'node:crypto';
import { selectDiskRows, windowsOf, type DiskRows } from '../core/disk-rows.js';
import type { AnySet, DiskSet, EmbeddingSet } from '../core/embedding-set.js';
import { labelsOf } from '../core/targets.js';
import { dense, type Dense } from '../core/matrix.js';

/** Row `row` of matrix `matrix`. */
export interface RowPlace {
  readonly matrix: number;
  readonly row: number;
}

const wordsOf = ({ data }: Dense): Uint32Array => new Uint32Array(data.buffer, data.byteOffset, data.length);

/** Of `cols` words from `at` on. */
function hashOf(words: Uint32Array, at: number, cols: number): number {
  let hash = 0x811c9dc5;
  for (let i = at; i < at + cols; i++) {
    hash = Math.imul(hash ^ (words[i] as number), 0x01000193);
    // A product carries upwards only, and whole numbers differ in their high bits only.
    hash ^= hash >>> 15;
  }
  return hash;
}

/** Groups of two or more rows with equal bytes over several matrices of one width, each group in order of matrix and row. */
export function equalRows(matrices: readonly Dense[]): RowPlace[][] {
  const words = matrices.map(wordsOf);
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
      const hash = hashOf(words[matrix]!, row * cols, cols);
      const place = { matrix, row };
      const bucket = buckets.get(hash);
      const group = bucket?.find(([first]) => same(first!, place));
      if (group) group.push(place);
      else if (bucket) bucket.push([place]);
      else buckets.set(hash, [[place]]);
    }
  return [...buckets.values()].flat().filter((group) => group.length > 1);
}

/** The same for rows on disk: all are read once, and those that share a hash with another row a second time. */
export async function equalDiskRows(sources: readonly DiskRows[]): Promise<RowPlace[][]> {
  const hashes: Int32Array[] = [];
  for (const source of sources) {
    const own = new Int32Array(source.count);
    for await (const { start, x } of windowsOf(source)) {
      const words = wordsOf(x);
      for (let i = 0; i < x.rows; i++) own[start + i] = hashOf(words, i * x.cols, x.cols);
    }
    hashes.push(own);
  }
  const shared = sharedBySome(hashes);
  const groups = new Map<string, RowPlace[]>();
  for (const [matrix, own] of hashes.entries()) {
    const suspects = Int32Array.from(own.keys()).filter((row) => shared.has(own[row] as number));
    for await (const { start, x } of windowsOf(selectDiskRows(sources[matrix] as DiskRows, suspects)))
      for (let i = 0; i < x.rows; i++) {
        const row = x.data.subarray(i * x.cols, (i + 1) * x.cols);
        // 256 bits of a cryptographic hash stand for the row, which may be far from its like.
        const digest = createHash('sha256').update(row).digest('base64');
        const place = { matrix, row: suspects[start + i] as number };
        const group = groups.get(digest);
        if (group) group.push(place);
        else groups.set(digest, [place]);
      }
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Numbers that occur more than once. */
function sharedBySome(parts: readonly Int32Array[]): Set<number> {
  const sorted = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    sorted.set(part, at);
    at += part.length;
  }
  sorted.sort();
  return new Set(sorted.filter((value, i) => i > 0 && value === sorted[i - 1]));
}

export interface DuplicateRows {
  readonly ids: string[];
  /** Class names that occur among them, more than one where equal rows carry different labels. */
  readonly labels: string[];
}

/**
 * Finds the rows of a set whose embeddings are equal to the bit.
 * @returns one entry a group of equal rows, in the order of their first row; for a set on disk a promise of them.
 *
 * @example
 * findDuplicates(fromArrays({ data: new Float32Array([1, 2, 1]), shape: [3, 1] }, ['a', 'a', 'b']));
 * // [{ ids: ['0', '2'], labels: ['a', 'b'] }]
 */
export function findDuplicates(set: EmbeddingSet): DuplicateRows[];
export function findDuplicates(set: DiskSet): Promise<DuplicateRows[]>;
export function findDuplicates(set: AnySet): DuplicateRows[] | Promise<DuplicateRows[]>;
export function findDuplicates(set: AnySet): DuplicateRows[] | Promise<DuplicateRows[]> {
  const describe = (groups: RowPlace[][]) =>
    groups.map((group) => ({
      ids: group.map(({ row }) => set.ids[row] as string),
      labels: [...new Set(group.flatMap(({ row }) => labelsOf(set, row)))],
    }));
  return 'rows' in set ? equalDiskRows([set.rows]).then(describe) : describe(equalRows([dense(set.embeddings)]));
}
