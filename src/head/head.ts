/** What a head is: parameters, forward and backward over a batch, and the graph that computes the same. */

import { expected } from '../core/errors.js';
import { resolveOptions, type OptionRules, type OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';
import { createRng, type Draws, type Rng } from '../core/rng.js';
import { loadKernels } from '../kernels/index.js';
import type { Kernels } from '../kernels/kernels.js';
import type { GraphPart, GraphTensor } from '../onnx/graph.js';

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** weight (outputs, inputs), bias (outputs); both are parameters of the head. */
export interface AffineLayer {
  readonly weight: Parameter;
  readonly bias?: Parameter;
}

/** What a definition makes: B rows of width d in, (B, C) logits out. Nothing is allocated per batch. */
export interface HeadParts {
  readonly parameters: readonly Parameter[];
  /** Where the logits are cosines: the factor in front of them. */
  readonly cosineScale?: number;
  /** `draws` are handed in while training only; a head that is not `random` leaves them alone. */
  forward(x: Float32Array, rows: number, logits: Float32Array, draws?: Draws): void;
  /** Overwrites `gradients`, one array a parameter. Called after `forward` of the same rows, so it may use what that kept. */
  backward(x: Float32Array, rows: number, gradLogits: Float32Array, gradients: readonly Float32Array[]): void;
  /** Writes the derivative of the logits along `direction`, one array a parameter. Called after `forward` of the same rows. */
  tangent(x: Float32Array, rows: number, direction: readonly Float32Array[], out: Float32Array): void;
  /** The whole of the head, where it is affine layers with a rectifier between two: the kernels can train those by themselves. */
  readonly layers?: readonly AffineLayer[];
  /** Whether training passes are random (dropout). */
  readonly random?: boolean;
  /** Puts the parameters where the training rows suggest, before the first step. */
  start?(x: Float32Array, labels: Int32Array): void;
  /** The same computation as ONNX nodes; parameter p is stored unchanged as the initializer `head.p`, which is how it is read back. */
  toGraph(input: string, output: string): GraphPart;
}

export interface Head extends HeadParts {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputDim: number;
  readonly classes: number;
  /** Names of the parameters of the last layer; all of them where there is one layer. */
  readonly classifier: readonly string[];
  /** Whether the logits are affine in the parameters, so that a convex loss stays convex. */
  readonly affine: boolean;
  /** A rate at which SGD with momentum 0.9 is stable for rows of this mean squared norm. */
  learningRate(meanSquaredNorm: number): number;
}

export interface HeadContext<O> {
  readonly inputDim: number;
  readonly classes: number;
  readonly options: O;
  readonly rng: Rng;
  readonly kernels: Kernels;
}

export interface HeadDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  /** Parameters that make up the classifier on top, where other layers lie below it. */
  readonly classifier?: readonly string[];
  /** The logits are affine in the parameters. */
  readonly affine?: boolean;
  learningRate(meanSquaredNorm: number): number;
  create(context: HeadContext<OptionsOf<R>>): HeadParts;
}

/** Declares a head; add it to the registry in `index.ts`. */
export function defineHead<const R extends OptionRules>(definition: HeadDefinition<R>): HeadDefinition<R> {
  return definition;
}

export interface CreateHeadOptions {
  readonly inputDim: number;
  readonly classes: number;
  readonly seed?: number;
  readonly options?: object;
  readonly kernels?: Kernels;
}

/** A freshly initialised head. @throws ERR_OPTION */
export function instantiate<R extends OptionRules>(definition: HeadDefinition<R>, given: CreateHeadOptions): Head {
  const { inputDim, classes, seed = 0, kernels = loadKernels() } = given;
  for (const [name, value] of Object.entries({ inputDim, classes }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw expected('integer >= 1', `head ${definition.name}'s ${name}`, value);
  const options = resolveOptions(definition.name, definition.options, given.options);
  const rng = createRng(seed, `head/${definition.name}`);
  const parts = definition.create({ inputDim, classes, options, rng, kernels });
  return {
    name: definition.name,
    options,
    inputDim,
    classes,
    classifier: definition.classifier ?? parts.parameters.map((parameter) => parameter.name),
    affine: definition.affine === true,
    learningRate: definition.learningRate,
    ...parts,
  };
}

/** Uniform in ±bound, each value keyed by its place, as PyTorch's `Linear` begins (bound = 1/√d there). */
export function uniformParameter(rng: Rng, name: string, shape: readonly number[], bound: number): Parameter {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const draws = rng.substream(name).at(0);
  for (let i = 0; i < data.length; i++) data[i] = (2 * draws.uniform() - 1) * bound;
  return { name, shape, data };
}

export function filledParameter(name: string, shape: readonly number[], value: number): Parameter {
  return { name, shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) };
}

/** Parameters as the initializers that `readHead` looks for. */
export function stored(parameters: readonly Parameter[]): GraphTensor[] {
  return parameters.map(({ name, shape, data }) => ({ name: `head.${name}`, shape, data }));
}

/** Half the linear head's rate, at most 0.05: hidden layers add to the curvature, and it changes as they learn. */
export const cautiousRate = (meanSquaredNorm: number): number => Math.min(0.05, 3.2 / (1 + meanSquaredNorm));

/** Copies rows scaled to unit length into `out` (their lengths into `lengths`); a zero row stays zero, as in ONNX's LpNormalization. */
export function normalizeRows(
  x: Float32Array,
  rows: number,
  cols: number,
  out: Float32Array,
  lengths?: Float64Array,
): void {
  for (let i = 0, at = 0; i < rows; i++, at += cols) {
    let sum = 0;
    for (let j = at; j < at + cols; j++) sum += (x[j] as number) * (x[j] as number);
    const length = Math.sqrt(sum);
    if (lengths) lengths[i] = length;
    const factor = length > 0 ? 1 / length : 0;
    for (let j = at; j < at + cols; j++) out[j] = (x[j] as number) * factor;
  }
}
