/** The class shares of unlabelled rows, out of a classifier's probabilities. */

import { EquipoiseError } from '../core/errors.js';
import { integer, number, resolveOptions } from '../core/options.js';

const rules = {
  iterations: integer({ min: 1, default: 1000, help: 'at most; few: still near the training shares' }),
  tolerance: number({ min: 0, default: 1e-9, help: 'largest change of a share at which it is done' }),
};

/**
 * Estimates class shares by expectation maximisation: rows are weighed by the shares, shares are the means of the rows.
 * The probabilities should be calibrated; what they are wrong about becomes shares.
 *
 * @param probabilities (n, C) of rows whose class shares are wanted.
 * @param trainPrior C shares > 0 that the probabilities take for granted.
 * @returns C shares, for `prior-shift`'s `targetPrior`.
 * @throws ERR_SHAPE, ERR_DATA for no rows, ERR_OPTION.
 * Saerens, Latinne, Decaestecker, Neural Computation 14 (2002).
 *
 * @example
 * estimatePrior([0.8, 0.2, 0.8, 0.2], [0.5, 0.5]); // towards [1, 0]: both rows look alike, and like the first class
 */
export function estimatePrior(
  probabilities: ArrayLike<number>,
  trainPrior: ArrayLike<number>,
  options: { iterations?: number; tolerance?: number } = {},
): number[] {
  const { iterations, tolerance } = resolveOptions('estimatePrior', rules, options);
  const classes = trainPrior.length;
  const rows = probabilities.length / classes;
  if (!Number.isInteger(rows))
    throw new EquipoiseError(
      'ERR_SHAPE',
      `Expected rows of ${classes} probabilities for estimatePrior but received ${probabilities.length} numbers`,
    );
  if (rows === 0 || Array.from(trainPrior).some((share) => !(share > 0)))
    throw new EquipoiseError('ERR_DATA', 'Expected rows, and training shares above 0, for estimatePrior');
  let shares = Array.from(trainPrior);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const sums = new Float64Array(classes);
    const factor = shares.map((share, c) => share / (trainPrior[c] as number));
    for (let at = 0; at < probabilities.length; at += classes) {
      let total = 0;
      for (let c = 0; c < classes; c++) total += factor[c]! * (probabilities[at + c] as number);
      for (let c = 0; c < classes; c++) sums[c]! += (factor[c]! * (probabilities[at + c] as number)) / total;
    }
    const next = Array.from(sums, (sum) => sum / rows);
    const change = next.reduce((most, share, c) => Math.max(most, Math.abs(share - shares[c]!)), 0);
    shares = next;
    if (change <= tolerance) break;
  }
  return shares;
}
