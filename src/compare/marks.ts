/** What judged rows say of each class, so that the metric that decides is a mean of ratios, whichever kind of labels they have. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import { strataOf } from '../core/targets.js';
import { isOfMany, type AnyOutcomes } from '../metric/index.js';

/** One entry a cell. The score of a class is Σ gains / Σ weights over its cells; the metric is the mean over the classes that have weight. */
export interface Marks {
  readonly gains: Uint8Array;
  readonly weights: Uint8Array;
}

/** Rows as they are, before anyone has judged them: every row has the same number of cells. */
export interface Cells {
  /** Names a row across seeds: the same row may be tested under several. */
  readonly ids: readonly string[];
  /** Of each row the stratum in which it is drawn. */
  readonly strata: Int32Array;
  /** Of each cell. */
  readonly classes: Int32Array;
}

/** A row of one label has a cell, of its class; one of any number of labels a cell a class. */
export function cellsOf(sets: readonly EmbeddingSet[]): Cells {
  const [first] = sets as [EmbeddingSet];
  const classes = first.classNames.length;
  const labels = Int32Array.from(sets.flatMap((set) => [...set.labels]));
  return {
    ids: sets.flatMap(({ ids }) => ids),
    strata: labels,
    classes:
      strataOf(first) === classes
        ? labels
        : Int32Array.from({ length: labels.length * classes }, (_, i) => i % classes),
  };
}

/** Of one label: 1 of 1 where the prediction is right, so that a class scores its recall. Of any number: 2 yeses in common of all, so that it scores its F1. */
export function marksOf(runs: readonly AnyOutcomes[]): Marks {
  const cells = runs.reduce((sum, { truth }) => sum + truth.length, 0);
  const gains = new Uint8Array(cells);
  const weights = new Uint8Array(cells);
  let at = 0;
  for (const outcomes of runs)
    outcomes.truth.forEach((truth, i) => {
      const predicted = outcomes.predicted[i] as number;
      const many = isOfMany(outcomes);
      gains[at] = many ? 2 * truth * predicted : truth === predicted ? 1 : 0;
      weights[at++] = many ? truth + predicted : 1;
    });
  return { gains, weights };
}
