/** Scores a head, as it is at the time, on rows held out from training. */

import { windowsOf } from '../core/disk-rows.js';
import type { AnySet } from '../core/embedding-set.js';
import { dense, type Dense } from '../core/matrix.js';
import type { Head, Scaler } from '../head/index.js';
import { scaled } from './training-data.js';
import { score, scoreMany, type ValidationScore } from './validation.js';

export interface HeldOut {
  /** Of each class, at the last score. */
  readonly recalls: Float64Array;
  score(): Promise<ValidationScore>;
}

/** Bounds the memory that layers below the last one take. */
const rowsAtOnce = 1024;

export function holdOut(given: AnySet, head: Head, scaler: Scaler | undefined): HeldOut {
  const { inputDim, classes } = head;
  const set = scaled(given, scaler);
  const { labels, targets } = set;
  const rows = labels.length;
  const logits = new Float32Array(rows * classes);
  const recalls = new Float64Array(classes);

  /** The logits of x, which is rows `first` … of the set. */
  function forward(x: Dense, first: number): void {
    for (let start = 0; start < x.rows; start += rowsAtOnce) {
      const end = Math.min(x.rows, start + rowsAtOnce);
      const part = logits.subarray((first + start) * classes, (first + end) * classes);
      head.forward(x.data.subarray(start * inputDim, end * inputDim), end - start, part);
    }
  }
  return {
    recalls,
    async score() {
      if ('rows' in set) for await (const { start, x } of windowsOf(set.rows)) forward(x, start);
      else forward(dense(set.embeddings), 0);
      return targets ? scoreMany(logits, targets, classes, recalls) : score(logits, labels, classes, recalls);
    },
  };
}
