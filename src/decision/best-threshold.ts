/** One threshold for a yes or no. */

import { EquipoiseError } from '../core/errors.js';
import { f1, type ConfusionMatrix } from '../metric/index.js';
import { climb } from './thresholds.js';

export interface BestThreshold {
  /** Yes where the score is above it. */
  readonly threshold: number;
  /** What it reaches. */
  readonly value: number;
}

/**
 * The threshold of the best decisions, of all there are: halfway between the two scores that it lies between.
 *
 * @param scores n logits, or probabilities.
 * @param positives n times 1 or 0.
 * @param value what is to become large, of a confusion matrix whose class 1 is yes; default: F1 of yes.
 * @throws ERR_SHAPE, ERR_DATA for no rows.
 *
 * @example
 * bestThreshold([0.1, 0.3, 0.4, 0.9], [0, 1, 0, 1]); // { threshold: 0.2, value: 0.8 }: F1 = 2·2 / (2 + 3)
 */
export function bestThreshold(
  scores: ArrayLike<number>,
  positives: ArrayLike<number>,
  value: (confusion: ConfusionMatrix) => number = (confusion) => f1(confusion, 1),
): BestThreshold {
  if (scores.length !== positives.length)
    throw new EquipoiseError('ERR_SHAPE', `scores has ${scores.length} entries but positives has ${positives.length}`);
  if (scores.length === 0) throw new EquipoiseError('ERR_DATA', 'Expected scores for bestThreshold but there are none');
  const logits = new Float32Array(2 * scores.length);
  for (let i = 0; i < scores.length; i++) logits[2 * i + 1] = scores[i] as number;
  const held = { logits, labels: Int32Array.from(positives), classes: 2 };
  const { offsets, best } = climb({ held, value }, [0, 0]);
  return { threshold: (offsets[0] as number) - (offsets[1] as number), value: best };
}
