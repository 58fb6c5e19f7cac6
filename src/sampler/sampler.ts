/** The contract of samplers: what users hold, and what a method's file provides. */

import type { EmbeddingSet, TrainingSet } from '../core/embedding-set.js';
import type { Matrix } from '../core/matrix.js';
import type { OptionRules, OptionsOf } from '../core/options.js';
import type { ClassOutcome, ResamplingPlan } from '../core/plan.js';
import type { OnProgress } from '../core/progress.js';
import type { Entry } from '../core/registry.js';
import type { Draws } from '../core/rng.js';
import type { Among, Kernels } from '../kernels/kernels.js';

export interface PlanContext {
  /** Arithmetic backend; default: the one `loadKernels()` gives. The plan does not depend on it. */
  readonly kernels?: Kernels;
  /** Default: what the machine allows. The plan does not depend on it. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** Which independent draw over the same neighbours, for a fresh one each epoch; default 0. */
  readonly draw?: number;
}

/** A sampler with its options settled. It searches neighbours once a training set, however many draws are planned. */
export interface Sampler {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * Decides every row of the resampled set without making one.
   * @throws ERR_DATA for a set without the training brand, or classes that the method cannot serve.
   */
  plan(train: TrainingSet, context?: PlanContext): Promise<ResamplingPlan>;
  /** Plans and makes the rows: the original ones first, byte for byte, then the synthetic ones. */
  fitResample(train: TrainingSet, context?: PlanContext): Promise<ResampledSet>;
}

/** Rows made by a sampler. `evaluate` refuses it: judge on rows that were held out. */
export interface ResampledSet {
  /** (n', d). */
  readonly embeddings: Matrix;
  readonly labels: Int32Array;
  /** Of soft labels: the second class of each row and the share of the first. */
  readonly otherLabels?: Int32Array;
  readonly labelWeights?: Float32Array;
  readonly classNames: readonly string[];
  readonly plan: ResamplingPlan;
  /** How many rows at the start are original. */
  readonly original: number;
}

/** Of what class the other end of a recipe is, seen from its base. */
export type Towards = 'enemies' | 'same-class' | 'any';

/** A registry entry: call it with options to get a sampler. */
export interface SamplerEntry<R extends OptionRules = OptionRules> extends Entry {
  (options?: Partial<OptionsOf<R>>): Sampler;
  readonly towards: Towards;
  readonly options: R;
}

/** Nearest rows of several rows: row q's are `indices[q * k]` … `indices[q * k + k − 1]`, −1 where there are fewer. */
export interface Neighbors {
  readonly k: number;
  readonly indices: Int32Array;
  readonly l2sq: Float32Array;
}

/** What a method is told about the class it is to enlarge. */
export interface ClassTask<O> {
  readonly set: EmbeddingSet;
  readonly classId: number;
  /** Rows of the class, ascending. */
  readonly members: Int32Array;
  /** Synthetic rows wanted. */
  readonly count: number;
  readonly options: O;
  /**
   * Nearest neighbours of the class's members in the order of `members`, or of `rows`. Members of all classes are searched
   * in one pass, so ask for them alike in every class; `k` is cut to the rows there are besides the query.
   */
  search(query: { k: number; among: Among; rows?: Int32Array }): Promise<Neighbors>;
}

/** One synthetic row; `draw` fills it in. */
export interface Recipe {
  base: number;
  other: number;
  step: number;
}

/** Where the synthetic rows of a class come from, once its neighbours are known. */
export interface ClassSource extends Pick<ClassOutcome, 'eligibleBases' | 'kNeighbors' | 'fallback'> {
  /** Decides one sample from its own draws. `step` is in [0, 1). */
  draw(draws: Draws, recipe: Recipe, sample: number): void;
  /** Rows it makes, where the method and not the target decides. */
  readonly count?: number;
}

/** What the file of a method says; `defineSampler` does the rest. */
export interface SamplerDefinition<N extends string, R extends OptionRules> extends Entry {
  readonly name: N;
  readonly towards: Towards;
  readonly options: R;
  /** Refuses options that are right one by one but not together. */
  check?(options: OptionsOf<R>): void;
  /** Called once a class that is to grow; its draws follow later, any number of times. */
  prepare(task: ClassTask<OptionsOf<R>>): ClassSource | Promise<ClassSource>;
}
