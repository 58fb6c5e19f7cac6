/** A head and its scaler as one ONNX model, and back. */

import { EquipoiseError } from '../core/errors.js';
import type { TargetKind } from '../core/targets.js';
import type { GraphPart } from '../onnx/graph.js';
import { buildModel, getMetadata, readModel, type OnnxModel } from '../onnx/index.js';
import { calibrationGraph, checkDecision, classGraph, labelsGraph, thresholdsOf, type Decision } from './decision.js';
import type { CreateHeadOptions, Head } from './head.js';
import { scalerGraph, type Scaler } from './scaler.js';

/** Everything an exported head consists of. */
export interface HeadBundle {
  readonly head: Head;
  readonly scaler?: Scaler;
  readonly classNames: readonly string[];
  /** Default `one`: probabilities are a softmax; `many`: a sigmoid a class. */
  readonly targets?: TargetKind;
  /** With `many`: from which probability on a class is predicted; default 0.5 for all. */
  readonly thresholds?: readonly number[];
  readonly decision?: Decision;
  /** How it was trained, as JSON. */
  readonly settings?: unknown;
}

const key = 'equipoise.head';

/**
 * Input `embedding` (batch, d) → outputs `logits` and `probabilities` (batch, C), calibrated, and `label`: the class ids that are
 * decided for (batch), or 1 and 0 for each class (batch, C) where a row may have any number; the scaler, where there is one, comes first.
 */
export function headModel(bundle: HeadBundle, opset?: number): OnnxModel {
  const { head, scaler, classNames, targets = 'one', thresholds, decision, settings } = bundle;
  const parts: GraphPart[] = [];
  if (scaler) parts.push(scalerGraph(scaler, 'embedding', 'scaled_embedding'));
  const calibration = decision?.calibration;
  parts.push(head.toGraph(scaler ? 'scaled_embedding' : 'embedding', calibration ? 'raw_logits' : 'logits'));
  if (calibration) parts.push(calibrationGraph(calibration, 'raw_logits', 'logits'));
  parts.push({
    nodes: [
      targets === 'many'
        ? { op: 'Sigmoid', inputs: ['logits'], outputs: ['probabilities'] }
        : { op: 'Softmax', inputs: ['logits'], outputs: ['probabilities'], attributes: { axis: -1 } },
    ],
    initializers: [],
    input: 'logits',
    output: 'probabilities',
  });
  parts.push(
    targets === 'many'
      ? labelsGraph(thresholdsOf(bundle), 'probabilities', 'label')
      : classGraph(decision?.offsets, 'logits', 'label'),
  );
  const { name, options, inputDim } = head;
  const description = {
    name,
    options,
    inputDim,
    classNames,
    ...(targets === 'many' && { targets }),
    ...(thresholds && { thresholds }),
    ...(decision && { decision }),
    settings,
  };
  return buildModel({
    name: 'equipoise-head',
    inputs: [{ name: 'embedding', dtype: 'float32', shape: ['batch', head.inputDim] }],
    outputs: [
      { name: 'logits', dtype: 'float32', shape: ['batch', head.classes] },
      { name: 'probabilities', dtype: 'float32', shape: ['batch', head.classes] },
      { name: 'label', dtype: 'int64', shape: targets === 'many' ? ['batch', head.classes] : ['batch'] },
    ],
    parts,
    metadata: { [key]: JSON.stringify(description) },
    ...(opset !== undefined && { opset }),
  });
}

/** Values of an initializer as float32, copied: the bytes of a file need not be aligned. (A Buffer's own slice copies nothing.) */
function values(model: OnnxModel, name: string, length: number, where: string): Float32Array {
  const tensor = model.graph?.initializer.find((candidate) => candidate.name === name);
  if (tensor === undefined)
    throw new EquipoiseError('ERR_DATA', `${where} has no initializer ${name}: it was changed after it was exported`);
  const data =
    tensor.rawData.length > 0
      ? new Float32Array(new Uint8Array(tensor.rawData).buffer)
      : Float32Array.from(tensor.floatData);
  if (data.length !== length)
    throw new EquipoiseError(
      'ERR_DATA',
      `${where}: initializer ${name} has ${data.length} numbers but ${length} are expected`,
    );
  return data;
}

/**
 * Reads a model that `headModel` made.
 * @param create makes an empty head by name, `createHead` of this room.
 * @throws ERR_DATA when the file is something else.
 */
export function readHeadModel(
  bytes: Uint8Array,
  where: string,
  create: (name: string, options: CreateHeadOptions) => Head,
): HeadBundle {
  const model = readModel(bytes, where);
  const text = getMetadata(model)[key];
  if (text === undefined)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a head exported by equipoise for ${where} but its metadata has no ${key}. A whole classifier is opened with loadClassifier`,
    );
  const { name, options, inputDim, classNames, targets, thresholds, decision, settings } = JSON.parse(text) as {
    name: string;
    options: object;
    inputDim: number;
    classNames: string[];
    targets?: TargetKind;
    thresholds?: number[];
    decision?: Decision;
    settings?: unknown;
  };
  const head = create(name, { inputDim, classes: classNames.length, options });
  for (const { name: parameter, data } of head.parameters)
    data.set(values(model, `head.${parameter}`, data.length, where));
  const scaled = model.graph?.initializer.some((tensor) => tensor.name === 'scaler.mean') === true;
  return {
    head,
    classNames,
    ...(targets && { targets }),
    ...(thresholds && { thresholds }),
    ...(decision && { decision: checkDecision(decision, classNames.length, where) }),
    ...(settings !== undefined && { settings }),
    ...(scaled && {
      scaler: {
        mean: values(model, 'scaler.mean', inputDim, where),
        scale: values(model, 'scaler.scale', inputDim, where),
      },
    }),
  };
}
