/** Whether an exported graph says what the trained head says, on real rows. */

import { EquipoiseError } from '../core/errors.js';
import type { TargetKind } from '../core/targets.js';
import { thresholdsOf, type Decision } from '../head/index.js';

export interface ParityReport {
  /** Rows on which both were run. */
  readonly rows: number;
  /** Between logits of the two, over all rows and classes. */
  readonly largestDifference: number;
  /** What is allowed: 1e-4 · max(1, largest |logit|) for float32 graphs, 1e-2 · … for float16 and integer ones. */
  readonly tolerance: number;
  /** Rows where the two name different classes although the first leads by more than the tolerance. */
  readonly disagreements: number;
  readonly withinTolerance: boolean;
}

/** What a graph says: (rows, classes) logits and the class of each row. */
export interface Answers {
  readonly logits: Float32Array;
  readonly labels: Int32Array;
}

/** Compares the trained head's (rows, classes) logits, and the classes that it names by them, with what the graph says. */
export function compareOutputs(
  logits: Float32Array,
  exported: Answers,
  head: {
    readonly classNames: readonly string[];
    readonly targets?: TargetKind;
    readonly thresholds?: readonly number[];
    readonly decision?: Decision;
    decide(logits: Float32Array): Int32Array;
  },
  precision: 'float32' | 'reduced',
): ParityReport {
  const classes = head.classNames.length;
  const labels = head.decide(logits);
  if (logits.length !== exported.logits.length || labels.length !== exported.labels.length)
    throw new EquipoiseError(
      'ERR_INTEGRITY',
      `The exported graph gives ${exported.logits.length} logits and ${exported.labels.length} labels where the trained head gives ${logits.length} and ${labels.length}`,
    );
  let largest = 0;
  let largestDifference = 0;
  for (let i = 0; i < logits.length; i++) {
    const a = logits[i] as number;
    const difference = Math.abs(a - (exported.logits[i] as number));
    largest = Math.max(largest, Math.abs(a));
    // NaN on either side must not pass as "no difference".
    largestDifference = Number.isNaN(difference) ? Infinity : Math.max(largestDifference, difference);
  }
  const tolerance = (precision === 'float32' ? 1e-4 : 1e-2) * Math.max(1, largest);
  const offsets = head.decision?.offsets;
  const scoreOf = (row: number, c: number) => (logits[row * classes + c] as number) + (offsets?.[c] ?? 0);
  const thresholds = thresholdsOf(head);
  /** By how much the head's own label wins against the other one. */
  const lead = (at: number, own: number, other: number) => {
    if (head.targets !== 'many') return scoreOf(at, own) - scoreOf(at, other);
    const threshold = thresholds[at % classes] as number;
    return Math.abs((logits[at] as number) - Math.log(threshold / (1 - threshold)));
  };
  const disagreeing = new Set<number>();
  const labelsOfRow = head.targets === 'many' ? classes : 1;
  labels.forEach((own, at) => {
    const other = exported.labels[at] as number;
    // Written so that a label which is no class id, whose score is NaN, disagrees.
    if (own !== other && !(lead(at, own, other) <= tolerance)) disagreeing.add(Math.floor(at / labelsOfRow));
  });
  const disagreements = disagreeing.size;
  const withinTolerance = largestDifference <= tolerance && disagreements === 0;
  return { rows: logits.length / classes, largestDifference, tolerance, disagreements, withinTolerance };
}
