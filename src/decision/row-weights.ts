import { boolean } from '../core/options.js';
import type { HeldRows } from './calibration.js';

/** Shared by the calibrations that are fitted to rows. */
export const evenClasses = boolean({
  default: false,
  help: 'count every class alike in the fit, for use where classes are equally frequent; false: every row, for data mixed as the held-out rows are',
});

/** A factor a row: 1, or what makes every class that has rows weigh the same. They sum to the number of rows. */
export function rowWeights({ labels, classes }: HeldRows, even: boolean): Float64Array {
  const weights = new Float64Array(labels.length).fill(1);
  if (!even) return weights;
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]!++;
  const present = counts.filter((count) => count > 0).length;
  return weights.map((_, i) => labels.length / (present * (counts[labels[i] as number] as number)));
}
