/** What a decision rule gains on rows that it was not fitted on, and how far that could be chance. */

import { createRng } from '../core/rng.js';

export interface HonestGain {
  readonly folds: number;
  /** The metric by the rule that needs no fitting, and by rules each of which was fitted without the rows that it decides. */
  readonly before: number;
  readonly after: number;
  readonly gain: number;
  /** Bounds of the central 95 % of a bootstrap over rows, class by class. */
  readonly low: number;
  readonly high: number;
  readonly sentence: string;
}

/** A rule, and the held-out rows to try it on. Verdicts are `width` numbers a row. */
export interface Trial {
  readonly rule: string;
  readonly metric: string;
  /** Of each row the class that folds and draws go by, below `strata`. */
  readonly labels: Int32Array;
  readonly strata: number;
  readonly width: number;
  /** What is decided without a rule. */
  readonly plain: Int32Array;
  /** Verdicts on the rows `inside`, by a rule that was fitted on those `outside`. */
  decide(outside: readonly number[], inside: readonly number[]): Int32Array;
  /** The metric of the verdicts `verdicts` (of all rows) on some rows, which may be named more than once. */
  value(verdicts: Int32Array, rows: readonly number[]): number;
}

const mostFolds = 5;
const replicates = 1000;
const tail = 0.025;

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;

/** Cross-validated over at most five stratified folds of the held-out rows. */
export function honestGain(trial: Trial, seed: number): HonestGain {
  const { rule, metric, labels, strata, width, plain, value } = trial;
  const folds = Math.min(mostFolds, labels.length);
  const rng = createRng(seed, 'decision');
  const all = [...labels.keys()];
  const byClass = Array.from({ length: strata }, (_, c) => all.filter((row) => labels[row] === c));
  // Dealt round class after class, so that folds are of equal size, too.
  const foldOf = new Int32Array(labels.length);
  let dealt = 0;
  byClass.forEach((rows, c) => {
    const order = rng.substream(`folds/${c}`).permutation(rows.length);
    for (const place of order) foldOf[rows[place] as number] = dealt++ % folds;
  });
  const decided = new Int32Array(labels.length * width);
  for (let fold = 0; fold < folds; fold++) {
    const inside = all.filter((row) => foldOf[row] === fold);
    const verdicts = trial.decide(
      all.filter((row) => foldOf[row] !== fold),
      inside,
    );
    inside.forEach((row, i) => decided.set(verdicts.subarray(i * width, (i + 1) * width), row * width));
  }
  const differences = Float64Array.from({ length: replicates }, (_, r) => {
    const draws = rng.substream('bootstrap').at(r);
    const rows = byClass.flatMap((own) => own.map(() => own[draws.below(own.length)] as number));
    return value(decided, rows) - value(plain, rows);
  }).sort();
  const before = value(plain, all);
  const after = value(decided, all);
  const gain = after - before;
  const low = differences[Math.floor(tail * replicates)] as number;
  const high = differences[Math.min(replicates - 1, Math.floor((1 - tail) * replicates))] as number;
  const numbers = `${signed(gain)}, 95 % interval ${signed(low)} to ${signed(high)}, on held-out rows that the rule was not fitted on`;
  const sentence =
    low > 0
      ? `${rule} raise ${metric} beyond noise (${numbers}).`
      : high < 0
        ? `${rule} lower ${metric}: too few held-out rows to fit them on (${numbers}).`
        : `${rule} change ${metric} no more than noise does (${numbers}).`;
  return { folds, before, after, gain, low, high, sentence };
}
