/** The class shares that a training was about, which its probabilities take for granted. */

import type { Loss, LossPlace } from '../loss/index.js';
import type { TrainingRows } from './rows.js';

/**
 * Shares of the rows visited (by their weights, mixed labels by their parts) times what the loss makes of each class.
 * Exact for a head that has converged and can express the posterior; the better it is, the closer.
 * @returns null where the loss does not say what it makes of the classes.
 */
export function effectivePrior(
  { label, otherLabel, labelWeight, weight }: TrainingRows,
  order: Int32Array,
  loss: Loss,
  place: LossPlace,
): number[] | null {
  const tilt = loss.tilt?.(place);
  if (!tilt) return null;
  const shares = new Float64Array(place.classCounts.length);
  for (const row of order) {
    const mass = weight ? (weight[row] as number) : 1;
    const own = labelWeight ? (labelWeight[row] as number) : 1;
    shares[label[row] as number]! += mass * own;
    if (otherLabel) shares[otherLabel[row] as number]! += mass * (1 - own);
  }
  const tilted = Array.from(shares, (share, c) => (share > 0 ? share * (tilt[c] as number) : 0));
  const total = tilted.reduce((sum, share) => sum + share, 0);
  return tilted.map((share) => share / total);
}
