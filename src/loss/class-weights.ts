/** Weights a class, for every loss that takes them. */

import { EquipoiseError, expected } from '../core/errors.js';
import { choice, custom, number, type OptionsOf } from '../core/options.js';
import type { LossPlace } from './loss.js';

export type ClassWeights = 'none' | 'inverse-frequency' | 'effective-number' | readonly number[];

const named = ['none', 'inverse-frequency', 'effective-number'];

/** Options shared by weighted losses. */
export const weightOptions = {
  classWeights: custom<ClassWeights>({
    accepts: `one of ${named.join(', ')}, or an array of one finite number >= 0 a class, not all 0`,
    default: 'none',
    help: 'factor of the loss by class: inverse-frequency makes every class count alike (small classes then dominate the noise); effective-number is milder, see beta',
    check: (value) =>
      named.includes(value as string) ||
      (Array.isArray(value) && value.some((w) => w > 0) && value.every((w) => Number.isFinite(w) && w >= 0)),
  }),
  beta: custom<number | null>({
    accepts: 'number from 0 to below 1, or null',
    default: null,
    help: 'for effective-number only (null: 0.9999); 0 weighs all classes alike, towards 1 approaches inverse-frequency',
    check: (value) => value === null || (typeof value === 'number' && value >= 0 && value < 1),
  }),
  weightsFrom: number({
    min: 0,
    max: 1,
    default: 0,
    help: 'share of the epochs that pass before the class weights apply; 0: from the start; near 1: too late to matter',
  }),
  reduction: choice({
    of: ['mean', 'weight-mean'],
    default: 'mean',
    help: 'mean divides by the rows of the batch; weight-mean by the sum of their weights, so that steps keep their length when most rows weigh little, at the price of noisier ones',
  }),
};

/**
 * The factor of each class.
 *
 * `inverse-frequency`: (1/n_c), `effective-number`: (1 − β)/(1 − β^n_c) (Cui, Jia, Lin, Song, Belongie, "Class-Balanced Loss
 * Based on Effective Number of Samples", CVPR 2019); both scaled to sum to the number of classes that have rows.
 * A class without rows weighs 0: no row carries its label.
 * @throws ERR_SHAPE when an array has another length than the class table.
 */
export function classWeights(kind: ClassWeights, beta: number | null, classCounts: ArrayLike<number>): Float64Array {
  const classes = classCounts.length;
  const weights = new Float64Array(classes).fill(1);
  if (kind === 'none') return weights;
  if (typeof kind !== 'string') {
    if (kind.length !== classes)
      throw new EquipoiseError('ERR_SHAPE', `classWeights has ${kind.length} entries but there are ${classes} classes`);
    weights.set(kind);
    return weights;
  }
  const b = beta ?? 0.9999;
  let sum = 0;
  let present = 0;
  for (let c = 0; c < classes; c++) {
    const count = classCounts[c] as number;
    const weight = count === 0 ? 0 : kind === 'inverse-frequency' ? 1 / count : (1 - b) / (1 - b ** count);
    weights[c] = weight;
    sum += weight;
    if (count > 0) present++;
  }
  return weights.map((weight) => (weight * present) / sum);
}

export type WeightOptions = OptionsOf<typeof weightOptions>;

/** The first epoch of the part of a training that begins after a share of its epochs: 160 for 0.8 of 200. */
export function firstEpochAfter(share: number, epochs: number): number {
  return Math.round(share * epochs);
}

/**
 * Class weights for the batch at hand, computed once for each table of counts; all 1 before `weightsFrom`.
 * @throws ERR_OPTION for options that nothing would read.
 */
export function weigher(loss: string, options: WeightOptions): (place: LossPlace) => Float64Array {
  const { classWeights: kind, beta, weightsFrom } = options;
  if (beta !== null && kind !== 'effective-number')
    throw expected("null unless classWeights is 'effective-number'", `${loss}.beta`, beta);
  if (weightsFrom > 0 && kind === 'none') throw expected('0 without classWeights', `${loss}.weightsFrom`, weightsFrom);
  let counts: Int32Array | undefined;
  let weights: Float64Array = new Float64Array(0);
  let even = weights;
  return ({ classCounts, epoch, epochs }) => {
    if (classCounts !== counts) {
      weights = classWeights(kind, beta, classCounts);
      even = new Float64Array(classCounts.length).fill(1);
      counts = classCounts;
    }
    return epoch < firstEpochAfter(weightsFrom, epochs) ? even : weights;
  };
}
