/** What a loss is: a value and its gradient with respect to the logits of one batch. */

import { EquipoiseError } from '../core/errors.js';
import { resolveOptions, type OptionRules, type OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';

/** One batch as a loss sees it; B rows, C classes. */
export interface LossBatch {
  /** (B, C). */
  readonly logits: Float32Array;
  /** B class ids. */
  readonly labels: Int32Array;
  /** Second class of a soft label, with `labelWeights` the share of `labels`; both or neither. */
  readonly otherLabels?: Int32Array;
  readonly labelWeights?: Float32Array;
  /** A factor a row. */
  readonly sampleWeights?: Float32Array;
  readonly rows: number;
  readonly classes: number;
  /** Rows a class in the training set before any resampling. */
  readonly classCounts: Int32Array;
  /** From 0. */
  readonly epoch: number;
}

/** Returns the loss of the batch and writes its gradient with respect to the logits, (B, C). */
export type EvaluateLoss = (batch: LossBatch, gradient: Float32Array) => number;

export interface Loss {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly evaluate: EvaluateLoss;
}

export interface LossDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  /** Makes the function; it may keep scratch memory and whatever follows from `classCounts`. */
  create(options: OptionsOf<R>): EvaluateLoss;
}

/** Declares a loss; add it to the registry in `index.ts`. */
export function defineLoss<const R extends OptionRules>(definition: LossDefinition<R>): LossDefinition<R> {
  return definition;
}

/** A loss with its options checked. @throws ERR_OPTION */
export function instantiate<R extends OptionRules>(definition: LossDefinition<R>, given?: unknown): Loss {
  const options = resolveOptions(definition.name, definition.options, given);
  return { name: definition.name, options, evaluate: definition.create(options) };
}

/**
 * Writes softmax(logits[at … at + classes)) to `out` at the same place and returns the log of the sum of exponentials.
 * @throws ERR_DATA for NaN or +infinity; −infinity is a class that cannot be.
 */
export function softmaxRow(
  logits: Float32Array | Float64Array,
  at: number,
  classes: number,
  out: Float32Array,
): number {
  const end = at + classes;
  let highest = -Infinity;
  let poison = 0;
  for (let j = at; j < end; j++) {
    const z = logits[j] as number;
    if (z > highest) highest = z;
    // NaN compares false with everything, so it has to be looked for.
    if (z !== z) poison = 1;
  }
  if (poison === 1 || !Number.isFinite(highest))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected finite logits for row ${at / classes} of the batch but received ${Array.from(logits.subarray(at, Math.min(end, at + 8))).join(', ')}${classes > 8 ? ', …' : ''}`,
    );
  let sum = 0;
  for (let j = at; j < end; j++) {
    const e = Math.exp((logits[j] as number) - highest);
    out[j] = e;
    sum += e;
  }
  const inverse = 1 / sum;
  for (let j = at; j < end; j++) out[j] = (out[j] as number) * inverse;
  return highest + Math.log(sum);
}

/** Divides value and gradient; a batch that weighs nothing teaches nothing. */
export function reduce(sum: number, divisor: number, gradient: Float32Array, length: number): number {
  const factor = divisor > 0 ? 1 / divisor : 0;
  for (let j = 0; j < length; j++) gradient[j] = (gradient[j] as number) * factor;
  return sum * factor;
}
