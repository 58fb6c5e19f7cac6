/** How often things happen that are said to happen with a certain probability. */

import { EquipoiseError } from '../core/errors.js';
import { choice, integer, resolveOptions } from '../core/options.js';

/** Predictions of about the same probability. */
export interface CalibrationBin {
  readonly rows: number;
  /** Mean probability of its rows. */
  readonly probability: number;
  /** Share of its rows where it happened. */
  readonly share: number;
}

const rules = {
  bins: integer({
    min: 1,
    default: 15,
    help: 'how many groups; few: errors cancel within one; many: a group of few rows is noise',
  }),
  strategy: choice({
    of: ['uniform', 'quantile'],
    default: 'uniform',
    help: 'uniform: groups as wide as each other; quantile: with about as many rows as each other',
  }),
};

/** Inner limits of groups: quantiles by linear interpolation, as numpy's `percentile`. */
function quantiles(values: ArrayLike<number>, bins: number): number[] {
  const sorted = Float64Array.from(values).sort();
  return Array.from({ length: bins - 1 }, (_, b) => {
    const place = ((b + 1) / bins) * (sorted.length - 1);
    const below = Math.floor(place);
    const low = sorted[below] as number;
    return low + (place - below) * ((sorted[below + 1] ?? low) - low);
  });
}

/**
 * Groups n predictions by their probability; empty groups are left out.
 *
 * @param happened n times 1 or 0.
 * @param probabilities n numbers from 0 to 1.
 * @throws ERR_SHAPE for lengths that differ, ERR_OPTION.
 *
 * @example
 * calibrationCurve([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.8], { bins: 2 });
 * // [{ rows: 2, probability: 0.15, share: 0 }, { rows: 2, probability: 0.7, share: 1 }]
 */
export function calibrationCurve(
  happened: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: { bins?: number; strategy?: 'uniform' | 'quantile' } = {},
): CalibrationBin[] {
  const { bins, strategy } = resolveOptions('calibrationCurve', rules, options);
  const n = probabilities.length;
  if (happened.length !== n)
    throw new EquipoiseError('ERR_SHAPE', `happened has ${happened.length} entries but probabilities has ${n}`);
  const limits = strategy === 'quantile' ? quantiles(probabilities, bins) : undefined;
  const binOf = (p: number) => {
    if (!limits) return Math.min(bins - 1, Math.floor(p * bins));
    const above = limits.findIndex((limit) => p <= limit);
    return above < 0 ? bins - 1 : above;
  };
  const rows = new Float64Array(bins);
  const probability = new Float64Array(bins);
  const positives = new Float64Array(bins);
  for (let i = 0; i < n; i++) {
    const p = probabilities[i] as number;
    const bin = binOf(p);
    rows[bin]!++;
    probability[bin]! += p;
    positives[bin]! += happened[i] as number;
  }
  return [...rows.keys()]
    .filter((bin) => rows[bin]! > 0)
    .map((bin) => ({
      rows: rows[bin] as number,
      probability: probability[bin]! / rows[bin]!,
      share: positives[bin]! / rows[bin]!,
    }));
}

/** Mean distance of probability and share over the groups, by their rows. */
export function calibrationError(curve: readonly CalibrationBin[]): number {
  const total = curve.reduce((sum, { rows }) => sum + rows, 0);
  return curve.reduce((sum, { rows, probability, share }) => sum + rows * Math.abs(probability - share), 0) / total;
}
