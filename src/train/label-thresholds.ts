/** From which probability on each class is predicted, for heads of rows with any number of labels. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { createPredictor, type Predictor } from './predictor.js';

/** Of one class: all rows, those that have it, those for which it is predicted, and those for which rightly. */
interface Tally {
  rows: number;
  has: number;
  predicted: number;
  right: number;
}

/** The score of a class, null where it has none; what is tuned for is the mean over the classes. */
export const labelScores = {
  'macro-f1': ({ has, predicted, right }: Tally) => (has + predicted === 0 ? null : (2 * right) / (has + predicted)),
  'balanced-accuracy': ({ rows, has, predicted, right }: Tally) =>
    has === 0 || has === rows ? null : (right / has + (rows - has - predicted + right) / (rows - has)) / 2,
} as const;
export type LabelMetric = keyof typeof labelScores;

/**
 * The threshold by which the score of a class (its F1) is highest: half way between two probabilities that rows were given, of
 * equals the one nearest to 0.5. It is 0.5 for a class that no row has, or all have.
 */
export function bestThreshold(
  probabilities: ArrayLike<number>,
  has: ArrayLike<number>,
  metric: LabelMetric = 'macro-f1',
): number {
  const order = Int32Array.from(probabilities, (_, i) => i).sort(
    (a, b) => (probabilities[b] as number) - (probabilities[a] as number),
  );
  let total = 0;
  for (let i = 0; i < has.length; i++) total += has[i] as number;
  if (total === 0 || total === has.length) return 0.5;
  let best = { score: -1, threshold: 0.5 };
  const tally: Tally = { rows: has.length, has: total, predicted: 0, right: 0 };
  order.forEach((row, rank) => {
    tally.predicted++;
    tally.right += has[row] as number;
    const here = probabilities[row] as number;
    const next = rank + 1 < order.length ? (probabilities[order[rank + 1] as number] as number) : 0;
    if (next === here) return;
    const score = labelScores[metric](tally) as number;
    // Any cut between the two gives this score, so the one nearest to 0.5 is taken where that lies between them.
    const threshold = next < 0.5 && here >= 0.5 ? 0.5 : (here + next) / 2;
    if (score < best.score || (score === best.score && Math.abs(threshold - 0.5) >= Math.abs(best.threshold - 0.5)))
      return;
    best = { score, threshold };
  });
  return best.threshold;
}

interface LabelledRows {
  /** (n, C), 1 where the row has the class. */
  readonly targets: ArrayLike<number>;
  readonly classes: number;
  readonly metric: LabelMetric;
  /** Those that count; they may be named more than once. */
  readonly rows: readonly number[];
}

/** The best threshold of each class on some rows, in float32, as the exported graph has them. @param given (n, C) probabilities. */
export function labelThresholds({
  probabilities,
  targets,
  classes,
  metric,
  rows,
}: LabelledRows & { readonly probabilities: ArrayLike<number> }): number[] {
  const column = (values: ArrayLike<number>, c: number) => rows.map((row) => values[row * classes + c] as number);
  return Array.from({ length: classes }, (_, c) =>
    Math.fround(bestThreshold(column(probabilities, c), column(targets, c), metric)),
  );
}

/** The metric of (n, C) verdicts of 1 and 0 on some rows; 0 where no class has a score. */
export function scoreLabels({
  verdicts,
  targets,
  classes,
  metric,
  rows,
}: LabelledRows & { readonly verdicts: ArrayLike<number> }): number {
  let sum = 0;
  let known = 0;
  for (let c = 0; c < classes; c++) {
    const tally: Tally = { rows: rows.length, has: 0, predicted: 0, right: 0 };
    for (const row of rows) {
      const at = row * classes + c;
      tally.has += targets[at] as number;
      tally.predicted += verdicts[at] as number;
      tally.right += (targets[at] as number) * (verdicts[at] as number);
    }
    const score = labelScores[metric](tally);
    if (score === null) continue;
    sum += score;
    known++;
  }
  return known === 0 ? 0 : sum / known;
}

/**
 * The same head with the thresholds by which the F1 of each class is highest on validation rows. They travel in its exported file.
 * `calibrate` with a decision does the same and says how much of the gain could be chance.
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
  const thresholds = labelThresholds({
    probabilities: head.probabilities(validation.embeddings),
    targets,
    classes: classNames.length,
    metric: 'macro-f1',
    rows: [...validation.labels.keys()],
  });
  return Object.freeze({ ...head, ...createPredictor({ ...head, thresholds }), thresholds });
}
