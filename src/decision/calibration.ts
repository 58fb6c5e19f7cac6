/** The contract of calibrations: how the logits of a trained head become logits whose softmax can be believed. */

import type { OptionRules, OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';

/** Held-out rows as a trained head sees them. */
export interface HeldRows {
  /** (n, C). */
  readonly logits: Float32Array;
  /** n class ids. */
  readonly labels: Int32Array;
  readonly classes: number;
}

export interface CalibrationContext<O> {
  readonly options: O;
  readonly classNames: readonly string[];
  /** Absent only for a calibration that needs none. */
  readonly held?: HeldRows;
  /** Training rows a class before any resampling, and the class shares that training was about, where they are known. */
  readonly classCounts?: ArrayLike<number>;
  readonly effectivePrior?: ArrayLike<number>;
}

/** Calibrated logits are scale · logit + shift, class by class. */
export interface FittedCalibration {
  /** Default: 1 for every class. */
  readonly scale?: number | ArrayLike<number>;
  /** Default: 0 for every class. */
  readonly shift?: ArrayLike<number>;
  /** What was found, in numbers that people ask for; JSON. */
  readonly found: Readonly<Record<string, unknown>>;
}

export interface CalibrationDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  /** Whether it is fitted on held-out rows. */
  readonly needsRows: boolean;
  fit(context: CalibrationContext<OptionsOf<R>>): FittedCalibration;
}

/** Declares a calibration; add it to the registry in `index.ts`. */
export function defineCalibration<const R extends OptionRules>(
  definition: CalibrationDefinition<R>,
): CalibrationDefinition<R> {
  return definition;
}
