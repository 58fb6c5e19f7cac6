/** What a sampler returns: which rows stay and, for each synthetic row, the recipe that makes it. */

import type { Matrix } from './matrix.js';

/**
 * Synthetic row r is `x[base[r]] + step[r] · (x[other[r]] − x[base[r]])`: 16 bytes a row, 24 with soft labels.
 * A plain duplicate has `other = base` and `step = 0`. All arrays have one entry a synthetic row.
 */
export interface Recipes {
  readonly base: Int32Array;
  readonly other: Int32Array;
  /** In [0, 1). */
  readonly step: Float32Array;
  /** Class id of the row. */
  readonly label: Int32Array;
  /** Second class of a soft label, with `labelWeight` the share of `label` (the rest is `otherLabel`'s). */
  readonly otherLabel?: Int32Array;
  readonly labelWeight?: Float32Array;
}

/** What happened to one class, fallbacks included: nothing is silent. */
export interface ClassOutcome {
  readonly classId: number;
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** Rows that may be a base, where the method restricts them. */
  readonly eligibleBases?: number;
  /** Neighbours really used, where the class was too small for what was asked or the reach was widened. */
  readonly kNeighbors?: number;
  /** The written rule that was applied, in words. */
  readonly fallback?: string;
}

export interface ResamplingPlan {
  readonly sampler: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Rows of the set that the plan was made for. */
  readonly originalRows: number;
  /** Rows that stay, ascending; 'all' for over-samplers. */
  readonly keep: Int32Array | 'all';
  readonly recipes: Recipes;
  /** Rows that no recipe can express (centroids, votes, noise, steps outwards), with the rows they were made from: the base first. */
  readonly extra?: {
    readonly embeddings: Matrix;
    readonly labels: Int32Array;
    readonly parents: readonly Int32Array[];
  };
  readonly perClass: readonly ClassOutcome[];
}

/** Names for the synthetic rows of a plan that none of the original `ids` has: `smote-0`, `smote-1`, … */
export function syntheticNames(sampler: string, ids: readonly string[]): (index: number) => string {
  let prefix = sampler;
  while (ids.some((id) => id.startsWith(`${prefix}-`))) prefix = `~${prefix}`;
  return (index) => `${prefix}-${index}`;
}
