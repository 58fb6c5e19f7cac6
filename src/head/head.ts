/** What a head is: parameters, forward and backward over a batch, and the graph that computes the same. */

import { expected } from '../core/errors.js';
import { resolveOptions, type OptionRules, type OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';
import { createRng, type Rng } from '../core/rng.js';
import { loadKernels } from '../kernels/index.js';
import type { Kernels } from '../kernels/kernels.js';
import type { GraphPart } from '../onnx/graph.js';

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a definition makes: B rows of width d in, (B, C) logits out. Nothing is allocated per batch. */
export interface HeadParts {
  readonly parameters: readonly Parameter[];
  /** Where the logits are cosines: the factor in front of them. */
  readonly cosineScale?: number;
  forward(x: Float32Array, rows: number, logits: Float32Array): void;
  /** Overwrites `gradients`, one array a parameter. Called after `forward` of the same rows, so it may use what that kept. */
  backward(x: Float32Array, rows: number, gradLogits: Float32Array, gradients: readonly Float32Array[]): void;
  /** The same computation as ONNX nodes; parameter p is stored unchanged as the initializer `head.p`, which is how it is read back. */
  toGraph(input: string, output: string): GraphPart;
}

export interface Head extends HeadParts {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputDim: number;
  readonly classes: number;
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
