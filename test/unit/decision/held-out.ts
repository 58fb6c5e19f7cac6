/** A trained head with rows that it has not seen. */

import { brand, fromArrays, type HeldOutSet } from '../../../src/core/embedding-set.js';
import { trainHead, type TrainHeadOptions } from '../../../src/strategy/index.js';
import { clouds, trainingClouds } from '../train/toy.js';

export const counts = [120, 40, 12];

export const validationClouds = (seed = 1): HeldOutSet => brand(clouds(counts, { distance: 2, seed }), 'validation');

export const trainOn = (options: TrainHeadOptions = {}) =>
  trainHead(trainingClouds(counts, { distance: 2 }), { epochs: 20, ...options });

/** One column that is the logit of class 1 against class 0, for a head that hands it on. */
export function oneColumn(logits: readonly number[], labels: readonly number[]): HeldOutSet {
  const set = fromArrays({ data: Float32Array.from(logits), shape: [logits.length, 1] }, Int32Array.from(labels), {
    classNames: ['no', 'yes'],
  });
  return brand(set, 'validation');
}
