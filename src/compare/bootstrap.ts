/** How far a difference of balanced accuracies could be chance: a paired bootstrap over test rows and seeds. */

import { createRng } from '../core/rng.js';

/** What two classifiers got right on the test rows of one seed. */
export interface PairedRun {
  /** Names a row across seeds: the same row may be tested under several. */
  readonly ids: readonly string[];
  readonly labels: Int32Array;
  /** 1 where the prediction is right. */
  readonly right: Uint8Array;
  readonly baselineRight: Uint8Array;
}

export interface Interval {
  /** Mean over the seeds of the difference, candidate less baseline. */
  readonly difference: number;
  /** Bounds of the central share `confidence` of the bootstrap. */
  readonly low: number;
  readonly high: number;
}

export const confidence = 0.95;

/**
 * Percentile interval of the difference of balanced accuracies.
 *
 * A replicate draws seeds with replacement, and within each class test rows with replacement; a row tested under several seeds
 * is drawn once for all of them, so that neither repeating a seed nor testing the same rows again feigns certainty. Both
 * classifiers are judged on the same draw.
 */
export function pairedInterval(
  runs: readonly PairedRun[],
  classes: number,
  replicates: number,
  seed: number,
): Interval {
  // A number for each distinct row, grouped by class, so that a replicate is one array of how often each row was drawn.
  const pools: number[][] = Array.from({ length: classes }, () => []);
  const known = new Map<string, number>();
  const rowsOf = runs.map(({ ids, labels }) =>
    Int32Array.from(ids, (id, i) => {
      let row = known.get(id);
      if (row === undefined) {
        known.set(id, (row = known.size));
        pools[labels[i] as number]?.push(row);
      }
      return row;
    }),
  );
  const drawn = new Float64Array(known.size);
  const gain = new Float64Array(classes);
  const weight = new Float64Array(classes);

  const differenceOf = (r: number): number => {
    const { labels, right, baselineRight } = runs[r] as PairedRun;
    const rows = rowsOf[r] as Int32Array;
    gain.fill(0);
    weight.fill(0);
    for (let i = 0; i < rows.length; i++) {
      const times = drawn[rows[i] as number] as number;
      const c = labels[i] as number;
      weight[c] = (weight[c] as number) + times;
      gain[c] = (gain[c] as number) + times * ((right[i] as number) - (baselineRight[i] as number));
    }
    let sum = 0;
    let present = 0;
    for (let c = 0; c < classes; c++)
      if ((weight[c] as number) > 0) {
        sum += (gain[c] as number) / (weight[c] as number);
        present++;
      }
    return present === 0 ? 0 : sum / present;
  };
  const mean = (which: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < which.length; i++) sum += differenceOf(which[i] as number);
    return sum / which.length;
  };

  drawn.fill(1);
  const difference = mean(runs.map((_, r) => r));
  const rng = createRng(seed, 'compare/bootstrap');
  const seeds = new Int32Array(runs.length);
  const differences = new Float64Array(replicates);
  for (let b = 0; b < replicates; b++) {
    const draws = rng.at(b);
    for (let r = 0; r < seeds.length; r++) seeds[r] = draws.below(runs.length);
    drawn.fill(0);
    for (const pool of pools)
      for (let i = 0; i < pool.length; i++) {
        const row = pool[draws.below(pool.length)] as number;
        drawn[row] = (drawn[row] as number) + 1;
      }
    differences[b] = mean(seeds);
  }
  differences.sort();
  const tail = (1 - confidence) / 2;
  const at = (share: number) => differences[Math.min(replicates - 1, Math.floor(share * replicates))] as number;
  return { difference, low: at(tail), high: at(1 - tail) };
}
