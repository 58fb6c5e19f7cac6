/** Scores a head, as it is at the time, on rows held out from training. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import type { Head, Scaler } from '../head/index.js';
import { scaled } from './training-data.js';
import { score, scoreMany, type ValidationScore } from './validation.js';

export interface HeldOut {
  /** Of each class, at the last score. */
  readonly recalls: Float64Array;
  score(): ValidationScore;
}

/** Bounds the memory that layers below the last one take. */
const rowsAtOnce = 1024;

export function holdOut(set: EmbeddingSet, head: Head, scaler: Scaler | undefined): HeldOut {
  const { inputDim, classes } = head;
  const x = scaled(set, scaler);
  const { labels, targets } = set;
  const rows = labels.length;
  const logits = new Float32Array(rows * classes);
  const recalls = new Float64Array(classes);
  return {
    recalls,
    score() {
      for (let start = 0; start < rows; start += rowsAtOnce) {
        const end = Math.min(rows, start + rowsAtOnce);
        const part = logits.subarray(start * classes, end * classes);
        head.forward(x.subarray(start * inputDim, end * inputDim), end - start, part);
      }
      return targets ? scoreMany(logits, targets, classes, recalls) : score(logits, labels, classes, recalls);
    },
  };
}
