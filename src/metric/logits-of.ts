/** What a head says of every row of a set, in memory or on disk. */

import { windowsOf } from '../core/disk-rows.js';
import type { AnySet } from '../core/embedding-set.js';
import { matrix, type MatrixLike } from '../core/matrix.js';

interface GivesLogits {
  readonly classNames: readonly string[];
  logits(x: MatrixLike): Float32Array | Promise<Float32Array>;
}

/** (n, C); of rows on disk one window after the other is in memory. */
export async function logitsOf(head: GivesLogits, set: AnySet): Promise<Float32Array> {
  if (!('rows' in set)) return head.logits(set.embeddings);
  const classes = head.classNames.length;
  const out = new Float32Array(set.rows.count * classes);
  for await (const { start, x } of windowsOf(set.rows))
    out.set(await head.logits(matrix(x.data, x.rows, x.cols)), start * classes);
  return out;
}
