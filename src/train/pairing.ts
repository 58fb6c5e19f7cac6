/** With which row a visited row is mixed, and how far towards it. */

import type { OptionRules, OptionsOf } from '../core/options.js';
import type { Entry } from '../core/registry.js';
import type { Draws } from '../core/rng.js';
import type { Kernels } from '../kernels/index.js';
import type { TrainingRows } from './rows.js';

/** A partner for the row of `table` that is visited, and the step towards it, in [0, 1). */
export interface Partners {
  /** A row of `table`; `order` holds the rows of the epoch. */
  partner(row: number, order: Int32Array, draws: Draws): number;
  step(draws: Draws): number;
}

export interface PairingContext<O> {
  readonly table: TrainingRows;
  readonly classes: number;
  readonly options: O;
  readonly kernels: Kernels;
  readonly threads: number;
  readonly signal?: AbortSignal;
}

export interface PairingDefinition<R extends OptionRules = OptionRules> extends Entry {
  readonly options: R;
  create(context: PairingContext<OptionsOf<R>>): Partners | Promise<Partners>;
}

/** Declares a pairing; add it to the registry in `pairings.ts`. */
export function definePairing<const R extends OptionRules>(definition: PairingDefinition<R>): PairingDefinition<R> {
  return definition;
}

/** The last float32 below 1. */
const last = 1 - 2 ** -24;

/** A draw of Beta(alpha, alpha), below 1. */
export function betaStep(alpha: number): (draws: Draws) => number {
  if (alpha === 1) return (draws) => draws.uniform();
  return (draws) => {
    const a = logGamma(alpha, draws);
    const b = logGamma(alpha, draws);
    return Math.min(last, 1 / (1 + Math.exp(b - a)));
  };
}

/** A draw of Beta(alpha, 1), by inversion of its distribution x^alpha. */
export function powerStep(alpha: number): (draws: Draws) => number {
  return (draws) => Math.min(last, draws.uniform() ** (1 / alpha));
}

/**
 * The log of a gamma variate: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 2000. The log,
 * since those of a small alpha are too small for a number.
 */
function logGamma(alpha: number, draws: Draws): number {
  if (alpha < 1) return logGamma(alpha + 1, draws) + Math.log(1 - draws.uniform()) / alpha;
  const d = alpha - 1 / 3;
  for (;;) {
    const x = draws.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - draws.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
