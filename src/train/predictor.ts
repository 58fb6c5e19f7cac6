/** A head with its scaler and class names: rows in, logits and probabilities out. */

import { EquipoiseError } from '../core/errors.js';
import { dense, type MatrixLike } from '../core/matrix.js';
import type { TargetKind } from '../core/targets.js';
import {
  applyCalibration,
  applyScaler,
  decideClasses,
  decideLabels,
  headModel,
  readHead,
  thresholdsOf,
  type Decision,
  type Head,
  type HeadBundle,
  type Scaler,
} from '../head/index.js';
import { sigmoid, softmaxRow } from '../loss/index.js';

/** The model type of the room that builds it. */
export type HeadModel = ReturnType<typeof headModel>;

export interface Predictor {
  readonly classNames: readonly string[];
  /** Columns of the rows it takes. */
  readonly dim: number;
  readonly scaler?: Scaler;
  readonly head: Head;
  /** Whether a row has one of the classes, or any number of them. */
  readonly targets: TargetKind;
  /** Where a class is predicted from another probability than 0.5 on. */
  readonly thresholds?: readonly number[];
  /** How logits are calibrated and classes decided for, where that was fitted. */
  readonly decision?: Decision;
  /** (n, C), row-major, calibrated. @throws ERR_SHAPE for rows of another width. */
  logits(x: MatrixLike): Float32Array;
  /** (n, C): softmax of the logits, or the sigmoid of each where a row may have any number of classes. */
  probabilities(x: MatrixLike): Float32Array;
  /** Of (n, C) such logits the n class ids, the largest unless a decision rule was fitted; with `many`, 1 or 0 for each of the n · C. */
  decide(logits: Float32Array): Int32Array;
  /** Input `embedding` (batch, d) → `logits` and `probabilities` (batch, C) and `label`, what `decide` says; the scaler is its first node. */
  toModel(opset?: number): HeadModel;
}

/** Bounds the scratch copy that scaling needs, whatever the number of rows. */
const rowsAtOnce = 1024;

export function createPredictor(bundle: HeadBundle): Predictor {
  const { head, scaler, classNames, targets = 'one', thresholds, decision } = bundle;
  const { inputDim: dim, classes } = head;
  const logits = (x: MatrixLike): Float32Array => {
    const { data, rows, cols } = dense(x);
    if (cols !== dim)
      throw new EquipoiseError(
        'ERR_SHAPE',
        `The head was trained on rows of ${dim} columns but received ${cols} columns`,
      );
    const out = new Float32Array(rows * classes);
    const scratch = scaler && new Float32Array(Math.min(rows, rowsAtOnce) * dim);
    for (let start = 0; start < rows; start += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - start);
      let chunk = data.subarray(start * dim, (start + count) * dim);
      if (scaler && scratch) {
        applyScaler(scaler, { data: chunk, rows: count, cols: dim }, scratch);
        chunk = scratch.subarray(0, count * dim);
      }
      head.forward(chunk, count, out.subarray(start * classes, (start + count) * classes));
    }
    if (decision?.calibration) applyCalibration(decision.calibration, out);
    return out;
  };
  return {
    classNames,
    dim,
    ...(scaler && { scaler }),
    head,
    targets,
    ...(thresholds && { thresholds }),
    ...(decision && { decision }),
    logits,
    decide: (scores) =>
      targets === 'many'
        ? decideLabels(scores, thresholdsOf(bundle))
        : decideClasses(scores, classes, decision?.offsets),
    probabilities(x) {
      const out = logits(x);
      if (targets === 'many') return out.map(sigmoid);
      for (let at = 0; at < out.length; at += classes) softmaxRow(out, at, classes, out);
      return out;
    },
    toModel: (opset) => headModel(bundle, opset),
  };
}

/**
 * The head of an exported `head.onnx`, to judge or to use without onnxruntime.
 * @param where names the file in messages.
 * @throws ERR_DATA when the bytes are something else.
 */
export function headFromModel(bytes: Uint8Array, where: string): Predictor & { readonly settings?: unknown } {
  const bundle = readHead(bytes, where);
  return Object.freeze({ ...createPredictor(bundle), settings: bundle.settings });
}
