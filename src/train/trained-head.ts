/** What fitting a head gives, and what its caller may add to it. */

import type { ResamplingPlan } from '../core/plan.js';
import type { Head } from '../head/index.js';
import type { Predictor } from './predictor.js';
import type { ValidationScore } from './validation.js';

export interface EpochRecord {
  /** From 0. */
  readonly epoch: number;
  /** Mean over the rows visited. */
  readonly loss: number;
  readonly learningRate: number;
  readonly validation?: ValidationScore;
}

export interface TrainedHead extends Predictor {
  readonly name: string;
  /** Everything needed to say what was done, as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly history: readonly EpochRecord[];
  /** The epoch whose parameters these are. */
  readonly bestEpoch: number;
  /** What the sampler did to each class, where there was one. */
  readonly plan?: Pick<ResamplingPlan, 'sampler' | 'options' | 'originalRows' | 'perClass'> & { readonly rows: number };
}

/** A trained head as `finish` sees it. */
export interface FinishContext {
  /** Its parameters may be changed in place. */
  readonly head: Head;
  readonly classCounts: Int32Array;
  /** Scores the head, as it is at the time, on the validation rows, where there are some. */
  readonly judge?: () => Promise<ValidationScore>;
}

export interface FitExtras {
  readonly name?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Called once after the last step; returns, or promises, what it did, as JSON for the settings. */
  readonly finish?: (context: FinishContext) => unknown;
}

/** How settings record a part that has a name and options. */
export function named(part: { readonly name: string; readonly options: object } | undefined | null) {
  return part ? { name: part.name, ...part.options } : null;
}

/** One line for a person who watches. */
export function describeEpoch({ epoch, loss, validation }: EpochRecord): string {
  const held = validation ? `, validation balanced accuracy ${validation.balancedAccuracy.toFixed(4)}` : '';
  return `epoch ${epoch + 1}: loss ${loss.toFixed(4)}${held}`;
}
