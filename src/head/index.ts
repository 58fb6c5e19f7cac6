/** Heads by name. */

import { lookUp } from '../core/registry.js';
import { adapter } from './adapter.js';
import { cosine } from './cosine.js';
import { instantiate, type CreateHeadOptions, type Head, type HeadDefinition } from './head.js';
import { linear } from './linear.js';
import { mlp } from './mlp.js';
import { readHeadModel, type HeadBundle } from './model.js';
import { nearestMean } from './nearest-mean.js';
import { scaledLinear } from './scaled-linear.js';

export const heads = {
  linear,
  cosine,
  mlp,
  adapter,
  'scaled-linear': scaledLinear,
  'nearest-mean': nearestMean,
} as const;

export type HeadName = keyof typeof heads;

/**
 * A freshly initialised head; the same seed gives the same parameters.
 * @throws ERR_OPTION for an unknown name or option.
 *
 * @example
 * const head = createHead('linear', { inputDim: 512, classes: 10, seed: 0 });
 */
export function createHead(name: HeadName | (string & {}), options: CreateHeadOptions): Head {
  return instantiate(lookUp(heads, 'head', name) as unknown as HeadDefinition, options);
}

/** Reads the bytes of an exported `head.onnx`. @throws ERR_DATA when they are something else. */
export function readHead(bytes: Uint8Array, where: string): HeadBundle {
  return readHeadModel(bytes, where, createHead);
}

export {
  defineHead,
  normalizeRows,
  type CreateHeadOptions,
  type Head,
  type HeadDefinition,
  type HeadParts,
  type AffineLayer,
  type Parameter,
} from './head.js';
export { classifierLayer, shiftLogits, type ClassifierLayer } from './classifier.js';
export {
  applyCalibration,
  checkDecision,
  decideClasses,
  decideLabels,
  thresholdsOf,
  type Calibration,
  type Decision,
} from './decision.js';
export { headModel, type HeadBundle } from './model.js';
export { applyScaler, fitScaler, scalerGraph, type Scaler } from './scaler.js';
