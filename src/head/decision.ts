/** What stands between the logits of a head and its verdict: calibration, and the offsets by which a class is named. */

import { EquipoiseError } from '../core/errors.js';
import type { GraphPart } from '../onnx/graph.js';

/** Calibrated logits are scale · logit + shift; one float32 number a class each. */
export interface Calibration {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** Plain JSON; it travels inside an exported head. */
export interface Decision {
  /** Absent: probabilities are the softmax of the logits as they are. */
  readonly calibration?: Calibration;
  /** Added to the calibrated logits before the largest names the class; probabilities know nothing of them. One float32 number a class. */
  readonly offsets?: readonly number[];
  /** How both were found, and what they changed on the rows that they were found on. */
  readonly fit?: unknown;
}

/** Calibrates (n, C) logits in place, in float32 as the exported graph does it. */
export function applyCalibration({ scale, shift }: Calibration, logits: Float32Array): void {
  const classes = scale.length;
  for (let at = 0; at < logits.length;)
    for (let c = 0; c < classes; c++, at++)
      logits[at] = Math.fround((logits[at] as number) * (scale[c] as number)) + (shift[c] as number);
}

/** The class of each row of (n, C) calibrated logits: the largest after the offsets, a tie going to the lowest class id. */
export function decideClasses(logits: Float32Array, classes: number, offsets?: readonly number[]): Int32Array {
  const decided = new Int32Array(logits.length / classes);
  for (let i = 0, at = 0; i < decided.length; i++, at += classes) {
    let best = 0;
    let highest = -Infinity;
    for (let c = 0; c < classes; c++) {
      const score = Math.fround((logits[at + c] as number) + (offsets?.[c] ?? 0));
      if (score > highest) {
        highest = score;
        best = c;
      }
    }
    decided[i] = best;
  }
  return decided;
}

const tensor = (name: string, values: readonly number[]) => ({
  name,
  shape: [values.length],
  data: Float32Array.from(values),
});

export function calibrationGraph({ scale, shift }: Calibration, input: string, output: string): GraphPart {
  return {
    nodes: [
      { op: 'Mul', inputs: [input, 'calibration.scale'], outputs: ['calibration.scaled'] },
      { op: 'Add', inputs: ['calibration.scaled', 'calibration.shift'], outputs: [output] },
    ],
    initializers: [tensor('calibration.scale', scale), tensor('calibration.shift', shift)],
    input,
    output,
  };
}

/** 1 for each of (n, C) logits whose sigmoid reaches the threshold of its class, else 0. */
export function decideLabels(logits: Float32Array, thresholds: readonly number[]): Int32Array {
  const classes = thresholds.length;
  return Int32Array.from(logits, (z, at) =>
    Math.fround(1 / (1 + Math.exp(-z))) >= (thresholds[at % classes] as number) ? 1 : 0,
  );
}

/** From which probability on each class is predicted. */
export function thresholdsOf({
  classNames,
  thresholds,
}: {
  readonly classNames: readonly string[];
  readonly thresholds?: readonly number[];
}): readonly number[] {
  return thresholds ?? classNames.map(() => 0.5);
}

/** ONNX's number of the type int64. */
const INT64 = 7;

/** (batch, C) probabilities → (batch, C) int64: 1 where the threshold is reached. */
export function labelsGraph(thresholds: readonly number[], input: string, output: string): GraphPart {
  return {
    nodes: [
      { op: 'Less', inputs: [input, 'decision.thresholds'], outputs: ['decision.below'] },
      { op: 'Not', inputs: ['decision.below'], outputs: ['decision.reached'] },
      { op: 'Cast', inputs: ['decision.reached'], outputs: [output], attributes: { to: INT64 } },
    ],
    initializers: [tensor('decision.thresholds', thresholds)],
    input,
    output,
  };
}

/** (batch, C) calibrated logits → (batch) int64 class ids. */
export function classGraph(offsets: readonly number[] | undefined, input: string, output: string): GraphPart {
  const scores = offsets ? 'decision.scores' : input;
  return {
    nodes: [
      ...(offsets ? [{ op: 'Add', inputs: [input, 'decision.offsets'], outputs: [scores] }] : []),
      // Of equal scores it takes the first.
      { op: 'ArgMax', inputs: [scores], outputs: [output], attributes: { axis: 1, keepdims: 0 } },
    ],
    initializers: offsets ? [tensor('decision.offsets', offsets)] : [],
    input,
    output,
  };
}

/** A decision that comes from a file. @throws ERR_DATA unless it has one finite number a class. */
export function checkDecision(decision: Decision, classes: number, where: string): Decision {
  const { calibration, offsets } = decision;
  const fits = (values: unknown) =>
    Array.isArray(values) && values.length === classes && values.every((value) => Number.isFinite(value));
  if ((calibration && !(fits(calibration.scale) && fits(calibration.shift))) || (offsets && !fits(offsets)))
    throw new EquipoiseError(
      'ERR_DATA',
      `${where}: its calibration or decision does not have one finite number for each of its ${classes} classes. It was changed after it was exported`,
    );
  return decision;
}
