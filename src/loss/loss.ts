/** What a loss is: a value and its gradient with respect to the logits of one batch. */

import type { CrossEntropyForm } from '../core/cross-entropy-form.js';
import { EquipoiseError } from '../core/errors.js';
import { resolveOptions, type OptionRules, type OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';
import type { TargetKind } from '../core/targets.js';
import { exponential } from './exponential.js';

/** One batch as a loss sees it; B rows, C classes. */
export interface LossBatch {
  /** (B, C). */
  readonly logits: Float32Array;
  /** B class ids; not for losses of `targets`. */
  readonly labels: Int32Array;
  /** (B, C), from 0 to 1: of rows with any number of labels. */
  readonly targets?: Float32Array;
  /** Second class of a soft label, with `labelWeights` the share of `labels`; both or neither. */
  readonly otherLabels?: Int32Array;
  readonly labelWeights?: Float32Array;
  /** A factor a row. */
  readonly sampleWeights?: Float32Array;
  readonly rows: number;
  readonly classes: number;
  /** Rows a class in the training set before any resampling. */
  readonly classCounts: Int32Array;
  /** Rows of the training set: fewer than the counts add up to where rows have several labels. */
  readonly trainingRows?: number;
  /** From 0, of `epochs`. */
  readonly epoch: number;
  readonly epochs: number;
  /** From 0, counted over all epochs; with `seed` the place of a loss's own random choices. */
  readonly step: number;
  readonly seed: number;
  /** Where the logits are cosines: the factor in front of them. */
  readonly cosineScale?: number;
  /** B sums of the absolute values of each row that the head was given. */
  readonly rowNorms?: Float32Array;
  /** Of each class on the validation rows after the last epoch, 0 before the first; NaN for a class without such rows. */
  readonly recalls?: Float64Array;
}

/** What of a batch not every training can give. */
export type LossNeed = 'cosineScale' | 'rowNorms' | 'recalls' | 'trainingRows';

/** Where in a training a loss is asked. */
export type LossPlace = Pick<LossBatch, 'classCounts' | 'epoch' | 'epochs' | 'recalls'>;

/** Returns the loss of the batch and writes its gradient with respect to the logits, (B, C). */
export interface EvaluateLoss {
  (batch: LossBatch, gradient: Float32Array): number;
  /** Where it is a cross-entropy that the kernels know: which one in an epoch. They then compute it in its place. */
  readonly form?: (place: LossPlace) => CrossEntropyForm;
}

export interface Loss {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** What rows it is for: with one label each, or with any number of them; default: it takes both. */
  readonly targets?: TargetKind;
  /** What it cannot do without. */
  readonly needs?: readonly LossNeed[];
  /**
   * By what the odds of each class in softmax(logits) of its minimiser differ from those in the rows visited; undefined where
   * that is no probability of a class.
   */
  readonly tilt?: (place: LossPlace) => ArrayLike<number> | undefined;
  readonly evaluate: EvaluateLoss;
}

export interface LossDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  /** `many`: for rows with any number of labels, by `LossBatch.targets`; default `one`. */
  readonly targets?: TargetKind;
  /** What `evaluate` cannot do without; training refuses a loss whose needs it cannot meet. */
  readonly needs?: readonly LossNeed[];
  /** Whether adding a constant to all logits of a row changes nothing; default true. */
  readonly shiftInvariant?: boolean;
  /** See `Loss`; a loss without one leaves open what its logits mean. */
  readonly tilt?: (options: OptionsOf<R>, place: LossPlace) => ArrayLike<number> | undefined;
  /** Makes the function; it may keep scratch memory and whatever follows from `classCounts`. */
  create(options: OptionsOf<R>): EvaluateLoss;
}

/** Declares a loss; add it to the registry in `index.ts`. */
export function defineLoss<const R extends OptionRules>(definition: LossDefinition<R>): LossDefinition<R> {
  return definition;
}

const met: Readonly<Record<LossNeed, string>> = {
  cosineScale: "logits that are cosines: head 'cosine'",
  rowNorms: 'the norms of the rows, which training gives',
  recalls: 'validation rows, whose recalls training gives after every epoch',
  trainingRows: 'the number of training rows, which training gives',
};

/** @throws ERR_OPTION for the first of a loss's needs that is absent. */
export function assertNeeds(loss: Pick<Loss, 'name' | 'needs'>, given: Partial<Record<LossNeed, unknown>>): void {
  for (const need of loss.needs ?? [])
    if (given[need] === undefined)
      throw new EquipoiseError('ERR_OPTION', `Loss ${loss.name} needs ${met[need]}. Give it, or choose another loss`);
}

/** A loss with its options checked. @throws ERR_OPTION */
export function instantiate<R extends OptionRules>(definition: LossDefinition<R>, given?: unknown): Loss {
  const { name, needs, targets = 'one', tilt } = definition;
  const options = resolveOptions(name, definition.options, given);
  const evaluate = definition.create(options);
  const described = { name, options, targets, ...(tilt && { tilt: (place: LossPlace) => tilt(options, place) }) };
  if (needs === undefined) return { ...described, evaluate };
  return {
    ...described,
    needs,
    evaluate(batch, gradient) {
      assertNeeds(definition, batch);
      return evaluate(batch, gradient);
    },
  };
}

/**
 * Writes softmax(logits[at … at + classes)) to `out` at the same place and returns the log of the sum of exponentials.
 * @throws ERR_DATA for NaN or +infinity; −infinity is a class that cannot be.
 */
export function softmaxRow(
  logits: Float32Array | Float64Array,
  at: number,
  classes: number,
  out: Float32Array | Float64Array,
): number {
  const end = at + classes;
  const highest = highestLogit(logits, at, classes);
  let sum = 0;
  for (let j = at; j < end; j++) {
    const e = exponential((logits[j] as number) - highest);
    out[j] = e;
    sum += e;
  }
  const inverse = 1 / sum;
  for (let j = at; j < end; j++) out[j] = (out[j] as number) * inverse;
  return highest + Math.log(sum);
}

/** @throws ERR_DATA for NaN or +infinity. */
export function highestLogit(logits: Float32Array | Float64Array, at: number, classes: number): number {
  let highest = -Infinity;
  let poison = 0;
  for (let j = at; j < at + classes; j++) {
    const z = logits[j] as number;
    if (z > highest) highest = z;
    // NaN compares false with everything, so it has to be looked for.
    if (z !== z) poison = 1;
  }
  if (poison === 1 || !Number.isFinite(highest))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected finite logits for row ${at / classes} of the batch but received ${Array.from(logits.subarray(at, at + Math.min(classes, 8))).join(', ')}${classes > 8 ? ', …' : ''}`,
    );
  return highest;
}

/** Divides value and gradient; a batch that weighs nothing teaches nothing. */
export function reduce(sum: number, divisor: number, gradient: Float32Array, length: number): number {
  const factor = divisor > 0 ? 1 / divisor : 0;
  for (let j = 0; j < length; j++) gradient[j] = (gradient[j] as number) * factor;
  return sum * factor;
}
