/** How far differences of the metric that decides could be chance: a paired bootstrap over test rows and seeds, for all contenders at once. */

import { pauses } from '../core/pause.js';
import { createRng } from '../core/rng.js';
import type { Cells, Marks } from './marks.js';

/** The test rows of one seed, and what the baseline made of them. */
export interface JudgedRows extends Cells {
  readonly marks: Marks;
}

/** The same of a contender: for each seed of the baseline, in its order; undefined for a seed it has not been judged on. */
export type ContenderRows = readonly (Marks | undefined)[];

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

/** The mean over the classes that have weight of gain ÷ weight. */
function meanRatio(gains: Float64Array, weights: Float64Array): number {
  let sum = 0;
  let present = 0;
  for (let c = 0; c < gains.length; c++) {
    if (!((weights[c] as number) > 0)) continue;
    sum += (gains[c] as number) / (weights[c] as number);
    present++;
  }
  return present === 0 ? 0 : sum / present;
}

/** Cells that count, and by how much: all of a model's, or where it differs from another one. */
interface Counted {
  readonly rows: Int32Array;
  readonly classes: Int32Array;
  readonly gains: Int8Array;
  readonly weights: Int8Array;
}

/** Adds what the drawn rows bring to each class. */
function tally(
  { rows, classes, gains, weights }: Counted,
  drawn: Float64Array,
  gain: Float64Array,
  weight: Float64Array,
) {
  for (let i = 0; i < rows.length; i++) {
    const times = drawn[rows[i] as number] as number;
    gain[classes[i] as number]! += (gains[i] as number) * times;
    weight[classes[i] as number]! += (weights[i] as number) * times;
  }
}

/**
 * Intervals of the differences of a metric (a mean over classes of ratios, see `Marks`) to a baseline.
 *
 * A replicate draws seeds with replacement, and within each stratum test rows with replacement; a row tested under several seeds
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
  // A number for each distinct row, grouped by stratum, so that a replicate is one array of how often each row was drawn.
  const pools: number[][] = [];
  const known = new Map<string, number>();
  const rowsOf = baseline.map(({ ids, strata }) =>
    Int32Array.from(ids, (id, i) => {
      let row = known.get(id);
      if (row === undefined) {
        known.set(id, (row = known.size));
        (pools[strata[i] as number] ??= []).push(row);
      }
      return row;
    }),
  );
  const counted = (s: number, gainOf: (cell: number) => number, weightOf: (cell: number) => number): Counted => {
    const { ids, classes: of } = baseline[s] as JudgedRows;
    const width = of.length / ids.length;
    const cells = [...of.keys()].filter((cell) => gainOf(cell) !== 0 || weightOf(cell) !== 0);
    return {
      rows: Int32Array.from(cells, (cell) => (rowsOf[s] as Int32Array)[Math.floor(cell / width)] as number),
      classes: Int32Array.from(cells, (cell) => of[cell] as number),
      gains: Int8Array.from(cells, gainOf),
      weights: Int8Array.from(cells, weightOf),
    };
  };
  const own = baseline.map(({ marks: { gains, weights } }, s) =>
    counted(
      s,
      (cell) => gains[cell] as number,
      (cell) => weights[cell] as number,
    ),
  );
  // Of a contender only cells that the two judge differently matter, and they are few.
  const differing = contenders.map((seeds) =>
    seeds.flatMap((marks, s) => {
      if (marks === undefined) return [];
      const { gains, weights } = (baseline[s] as JudgedRows).marks;
      return {
        seed: s,
        ...counted(
          s,
          (cell) => (marks.gains[cell] as number) - (gains[cell] as number),
          (cell) => (marks.weights[cell] as number) - (weights[cell] as number),
        ),
      };
    }),
  );
  const drawn = new Float64Array(known.size);
  const sums = baseline.map(() => ({ gain: new Float64Array(classes), weight: new Float64Array(classes), value: 0 }));
  const gain = new Float64Array(classes);
  const weight = new Float64Array(classes);

  /** The baseline on the rows that were drawn of each seed's. */
  const weigh = () =>
    sums.forEach((sum, s) => {
      sum.gain.fill(0);
      sum.weight.fill(0);
      tally(own[s] as Counted, drawn, sum.gain, sum.weight);
      sum.value = meanRatio(sum.gain, sum.weight);
    });
  const differencesOf = (k: number): number[] =>
    (differing[k] ?? []).map((cells) => {
      const base = sums[cells.seed] as (typeof sums)[number];
      gain.set(base.gain);
      weight.set(base.weight);
      tally(cells, drawn, gain, weight);
      return meanRatio(gain, weight) - base.value;
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
    for (const pool of pools)
      if (pool) for (let i = 0; i < pool.length; i++) drawn[pool[draws.below(pool.length)] as number]!++;
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
    // Below this it is what rounding leaves of equal predictions.
    if (error > 1e-12)
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
