/** What a decision rule gains on rows that it was not fitted on, and how far that could be chance. */

import { createRng } from '../core/rng.js';
import { decideClasses } from '../head/index.js';
import type { HeldRows } from './calibration.js';
import type { DecisionRule, RuleContext } from './rule.js';
import { Tally } from './tally.js';

export interface HonestGain {
  readonly folds: number;
  /** The metric by the largest logit, and by rules each of which was fitted without the rows that it decides. */
  readonly before: number;
  readonly after: number;
  readonly gain: number;
  /** Bounds of the central 95 % of a bootstrap over rows, class by class. */
  readonly low: number;
  readonly high: number;
  readonly sentence: string;
}

const mostFolds = 5;
const replicates = 1000;
const tail = 0.025;

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;

function pick({ logits, labels, classes }: HeldRows, rows: readonly number[]): HeldRows {
  const taken = new Float32Array(rows.length * classes);
  rows.forEach((row, i) => taken.set(logits.subarray(row * classes, (row + 1) * classes), i * classes));
  return { logits: taken, labels: Int32Array.from(rows, (row) => labels[row] as number), classes };
}

/** Cross-validated over at most five stratified folds of the held-out rows. */
export function honestGain(rule: DecisionRule, context: RuleContext, metric: string, seed: number): HonestGain {
  const { held, value } = context;
  const { logits, labels, classes } = held;
  const folds = Math.min(mostFolds, labels.length);
  const rng = createRng(seed, 'decision');
  const byClass = Array.from({ length: classes }, (_, c) => [...labels.keys()].filter((row) => labels[row] === c));
  // Dealt round class after class, so that folds are of equal size, too.
  const foldOf = new Int32Array(labels.length);
  let dealt = 0;
  byClass.forEach((rows, c) => {
    const order = rng.substream(`folds/${c}`).permutation(rows.length);
    for (const place of order) foldOf[rows[place] as number] = dealt++ % folds;
  });
  const plain = decideClasses(logits, classes);
  const decided = new Int32Array(labels.length);
  for (let fold = 0; fold < folds; fold++) {
    const [inside, outside] = [true, false].map((is) =>
      [...foldOf.keys()].filter((row) => (foldOf[row] === fold) === is),
    );
    const { offsets } = rule.fit({ ...context, held: pick(held, outside as number[]) });
    const verdicts = decideClasses(pick(held, inside as number[]).logits, classes, offsets);
    inside?.forEach((row, i) => (decided[row] = verdicts[i] as number));
  }
  const valueOf = (rows: readonly number[] | undefined, predicted: Int32Array) =>
    value(
      rows
        ? new Tally(
            classes,
            rows.map((row) => labels[row] as number),
            rows.map((row) => predicted[row] as number),
          )
        : new Tally(classes, labels, predicted),
    );
  const differences = Float64Array.from({ length: replicates }, (_, r) => {
    const draws = rng.substream('bootstrap').at(r);
    const rows = byClass.flatMap((own) => own.map(() => own[draws.below(own.length)] as number));
    return valueOf(rows, decided) - valueOf(rows, plain);
  }).sort();
  const before = valueOf(undefined, plain);
  const after = valueOf(undefined, decided);
  const gain = after - before;
  const low = differences[Math.floor(tail * replicates)] as number;
  const high = differences[Math.min(replicates - 1, Math.floor((1 - tail) * replicates))] as number;
  const numbers = `${signed(gain)}, 95 % interval ${signed(low)} to ${signed(high)}, on held-out rows that the rule was not fitted on`;
  const sentence =
    low > 0
      ? `${rule.name} raise ${metric} beyond noise (${numbers}).`
      : high < 0
        ? `${rule.name} lower ${metric}: too few held-out rows to fit them on (${numbers}).`
        : `${rule.name} change ${metric} no more than noise does (${numbers}).`;
  return { folds, before, after, gain, low, high, sentence };
}
