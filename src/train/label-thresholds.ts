/** From which probability on each class is predicted, for heads of rows with any number of labels. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { createPredictor, type Predictor } from './predictor.js';

/**
 * The threshold by which the F1 of a class is highest: half way between two probabilities that rows were given, of equals the one
 * nearest to 0.5. It is 0.5 for a class that no row has, or all have.
 */
export function bestThreshold(probabilities: ArrayLike<number>, has: ArrayLike<number>): number {
  const order = Int32Array.from(probabilities, (_, i) => i).sort(
    (a, b) => (probabilities[b] as number) - (probabilities[a] as number),
  );
  let total = 0;
  for (let i = 0; i < has.length; i++) total += has[i] as number;
  if (total === 0 || total === has.length) return 0.5;
  let best = { f1: -1, threshold: 0.5 };
  let right = 0;
  order.forEach((row, rank) => {
    right += has[row] as number;
    const here = probabilities[row] as number;
    const next = rank + 1 < order.length ? (probabilities[order[rank + 1] as number] as number) : 0;
    if (next === here) return;
    const f1 = (2 * right) / (total + rank + 1);
    // Any cut between the two gives this F1, so the one nearest to 0.5 is taken where that lies between them.
    const threshold = next < 0.5 && here >= 0.5 ? 0.5 : (here + next) / 2;
    if (f1 < best.f1 || (f1 === best.f1 && Math.abs(threshold - 0.5) >= Math.abs(best.threshold - 0.5))) return;
    best = { f1, threshold };
  });
  return best.threshold;
}

/**
 * The same head with the thresholds by which the F1 of each class is highest on validation rows. They travel in its exported file.
 *
 * @throws ERR_OPTION for a head of rows with one label, ERR_DATA for rows of another class table or with one label each.
 *
 * @example
 * const tuned = tuneLabelThresholds(await trainHead(train, { strategy: 'asl-sigmoid', validation }), validation);
 */
export function tuneLabelThresholds<H extends Predictor & { readonly settings?: unknown }>(
  head: H,
  validation: EmbeddingSet,
): H & { readonly thresholds: readonly number[] } {
  const { classNames } = head;
  if (head.targets !== 'many')
    throw expected('a head of rows with any number of labels', 'tuneLabelThresholds', head.targets);
  const { targets } = validation;
  if (targets === undefined || validation.classNames.join('\n') !== classNames.join('\n'))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected validation rows ${targets ? 'of the class table that the head has' : 'with any number of labels'}. Split them from the set it was trained on`,
    );
  const classes = classNames.length;
  const probabilities = head.probabilities(validation.embeddings);
  const column = (values: ArrayLike<number>, c: number) =>
    Array.from({ length: targets.length / classes }, (_, i) => values[i * classes + c] as number);
  const thresholds = classNames.map((_, c) => bestThreshold(column(probabilities, c), column(targets, c)));
  return Object.freeze({ ...head, ...createPredictor({ ...head, thresholds }), thresholds });
}
