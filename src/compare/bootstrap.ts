/** How far differences of balanced accuracy could be chance: a paired bootstrap over test rows and seeds, for all contenders at once. */

import { pauses } from '../core/pause.js';
import { createRng } from '../core/rng.js';

/** What the baseline got right on the test rows of one seed. */
export interface JudgedRows {
  /** Names a row across seeds: the same row may be tested under several. */
  readonly ids: readonly string[];
  readonly labels: Int32Array;
  /** 1 where the prediction is right. */
  readonly right: Uint8Array;
}

/** The same of a contender: for each seed of the baseline, in its order; undefined for a seed it has not been judged on. */
export type ContenderRows = readonly (Uint8Array | undefined)[];

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

export interface Interval extends Bounds {
  /** Mean over the seeds of the difference, contender less baseline. */
  readonly difference: number;
  /** Bounds that hold for all contenders together. */
  readonly simultaneous: Bounds;
}

export const confidence = 0.95;

const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
};

/** The value that a share of the sorted ones lies below. */
const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;

/**
 * Intervals of the differences of balanced accuracy to a baseline.
 *
 * A replicate draws seeds with replacement, and within each class test rows with replacement; a row tested under several seeds
 * is drawn once for all of them, so that neither repeating a seed nor testing the same rows again feigns certainty. All
 * contenders are judged on the same draws. `low` and `high` are percentiles of one difference by itself. Among forty contenders as
 * good as the baseline one or two such intervals would miss zero by chance, so `simultaneous` widens all of them by one factor: as
 * many standard errors as the largest deviation among all contenders stays below in 95 % of the replicates (the single-step
 * method of Westfall and Young, "Resampling-Based Multiple Testing", 1993). With one contender both are the same.
 *
 * @returns one interval a contender; null for one that shares no seed with the baseline.
 */
export async function pairedIntervals(
  baseline: readonly JudgedRows[],
  contenders: readonly ContenderRows[],
  classes: number,
  { replicates, seed, signal }: { replicates: number; seed: number; signal?: AbortSignal },
): Promise<(Interval | null)[]> {
  // A number for each distinct row, grouped by class, so that a replicate is one array of how often each row was drawn.
  const pools: number[][] = Array.from({ length: classes }, () => []);
  const known = new Map<string, number>();
  const rowsOf = baseline.map(({ ids, labels }) =>
    Int32Array.from(ids, (id, i) => {
      let row = known.get(id);
      if (row === undefined) {
        known.set(id, (row = known.size));
        pools[labels[i] as number]?.push(row);
      }
      return row;
    }),
  );
  // Only rows that the two judge differently matter, and they are few.
  const differing = contenders.map((seeds) =>
    seeds.flatMap((right, s) => {
      if (right === undefined) return [];
      const { labels, right: other } = baseline[s] as JudgedRows;
      const at = [...labels.keys()].filter((i) => right[i] !== other[i]);
      return {
        seed: s,
        rows: Int32Array.from(at, (i) => (rowsOf[s] as Int32Array)[i] as number),
        classes: Int32Array.from(at, (i) => labels[i] as number),
        gains: Int8Array.from(at, (i) => (right[i] as number) - (other[i] as number)),
      };
    }),
  );
  const drawn = new Float64Array(known.size);
  const weights = baseline.map(() => new Float64Array(classes));
  const present = new Int32Array(baseline.length);
  const gain = new Float64Array(classes);

  /** Rows of each class that were drawn of each seed's. */
  const weigh = () =>
    baseline.forEach(({ labels }, s) => {
      const [weight, rows] = [weights[s] as Float64Array, rowsOf[s] as Int32Array];
      weight.fill(0);
      for (let i = 0; i < rows.length; i++) weight[labels[i] as number]! += drawn[rows[i] as number] as number;
      present[s] = weight.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
    });
  const differencesOf = (k: number): number[] =>
    (differing[k] ?? []).map(({ seed: s, rows, classes: of, gains }) => {
      gain.fill(0);
      for (let i = 0; i < rows.length; i++)
        gain[of[i] as number]! += (gains[i] as number) * (drawn[rows[i] as number] as number);
      let sum = 0;
      const weight = weights[s] as Float64Array;
      for (let c = 0; c < classes; c++)
        if ((weight[c] as number) > 0) sum += (gain[c] as number) / (weight[c] as number);
      return present[s] === 0 ? 0 : sum / (present[s] as number);
    });

  drawn.fill(1);
  weigh();
  const observed = contenders.map((_, k) => meanOf(differencesOf(k)));
  const compared = [...contenders.keys()].filter((k) => (differing[k] ?? []).length > 0);
  const replicated = contenders.map(() => new Float64Array(replicates));
  const rng = createRng(seed, 'compare/bootstrap');
  const seedRng = createRng(seed, 'compare/bootstrap/seeds');
  const pause = pauses('comparing', signal);
  for (let b = 0; b < replicates; b++) {
    const due = pause();
    if (due) await due;
    const draws = rng.at(b);
    drawn.fill(0);
    for (const pool of pools) for (let i = 0; i < pool.length; i++) drawn[pool[draws.below(pool.length)] as number]!++;
    weigh();
    for (const k of compared) {
      const differences = differencesOf(k);
      const seedDraws = seedRng.at(b);
      let sum = 0;
      for (let s = 0; s < differences.length; s++) sum += differences[seedDraws.below(differences.length)] as number;
      (replicated[k] as Float64Array)[b] = sum / differences.length;
    }
  }

  const deviations = new Float64Array(replicates);
  const errors = contenders.map((_, k) => {
    const values = replicated[k] as Float64Array;
    const [mean, difference] = [meanOf(values), observed[k] as number];
    const error = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (replicates - 1));
    if (error > 0)
      values.forEach((value, b) => {
        deviations[b] = Math.max(deviations[b] as number, Math.abs(value - difference) / error);
      });
    return error;
  });
  const factor = quantile(deviations.sort(), confidence);
  const tail = (1 - confidence) / 2;
  return contenders.map((_, k): Interval | null => {
    if (!compared.includes(k)) return null;
    const difference = observed[k] as number;
    const sorted = (replicated[k] as Float64Array).sort();
    const own = { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
    const reach = factor * (errors[k] as number);
    return {
      difference,
      ...own,
      simultaneous: compared.length === 1 ? own : { low: difference - reach, high: difference + reach },
    };
  });
}
