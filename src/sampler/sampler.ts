/** The contract of samplers: what users hold, what an entry declares, and what the file of an over-sampler provides. */

import type { AnyTrainingSet, EmbeddingSet, TrainingSet } from '../core/embedding-set.js';
import type { Matrix } from '../core/matrix.js';
import type { OptionRules, OptionsOf } from '../core/options.js';
import type { ClassOutcome, ResamplingPlan } from '../core/plan.js';
import type { OnProgress } from '../core/progress.js';
import type { Entry } from '../core/registry.js';
import type { Draws, Rng } from '../core/rng.js';
import type { Kernels } from '../kernels/kernels.js';
import type { NeighborQuery, Neighbors } from './search.js';

export type { NeighborQuery, Neighbors };

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
  readonly reads: SamplerProperties['reads'];
  /**
   * Decides every row of the resampled set without making one. Of a set on disk the rows to search for are in memory, the others are read
   * in windows; the plan is the same. Methods that look at all rows at once refuse such a set.
   * @throws ERR_OPTION by these, ERR_DATA for a set without the training brand, or classes that the method cannot serve.
   */
  plan(train: AnyTrainingSet, context?: PlanContext): Promise<ResamplingPlan>;
  /** Plans and makes the rows: the kept ones first, byte for byte, then the synthetic ones. */
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

/** What an entry declares about itself, so that tests, documents and commands need not know its name. */
export interface SamplerProperties extends Entry {
  /** Whether it adds rows, removes some, or both. */
  readonly kind: 'over' | 'under' | 'both';
  /** Absent where no recipe is made. */
  readonly towards?: Towards;
  /** `exact`: classes end with the totals of `samplingStrategy`. */
  readonly totals: 'exact' | 'approximate';
  /** `mixed` and `categorical` need columns that say which of them are categories; `any` takes every column as a number. */
  readonly columns: 'any' | 'mixed' | 'categorical';
  /** `labels`: plans without looking at a single embedding. */
  readonly reads: 'embeddings' | 'labels';
  /** `together`: what one class gets depends on what the others want. */
  readonly classes: 'one by one' | 'together';
}

/** A registry entry: call it with options to get a sampler. */
export interface SamplerEntry<R extends OptionRules = OptionRules> extends SamplerProperties {
  (options?: Partial<OptionsOf<R>>): Sampler;
  readonly options: R;
}

/** What a method is told about the class it is to enlarge. */
export interface ClassTask<O> {
  readonly set: EmbeddingSet;
  readonly classId: number;
  /** Rows of the class, ascending. */
  readonly members: Int32Array;
  /** Synthetic rows wanted. */
  readonly count: number;
  /** Synthetic rows wanted of all classes. */
  readonly totalCount: number;
  readonly options: O;
  /**
   * Nearest neighbours of the class's members in the order of `members`, or of `rows`. Members of all classes are searched
   * in one pass, so ask for them alike in every class; `k` is cut to the rows there are besides the query.
   */
  search(query: NeighborQuery): Promise<Neighbors>;
  /** Draws of the class for what is decided before any sample is; the same in every later draw of the plan. */
  readonly rng: Rng;
  /** What is the same for every class of the set: made for the first that asks. A method has one such thing. */
  once<T>(make: (rng: Rng) => T): T;
  /** For arithmetic besides the search. */
  readonly kernels: Kernels;
  readonly signal?: AbortSignal;
}

/** One synthetic row; `draw` fills it in. */
export interface Recipe {
  base: number;
  other: number;
  step: number;
  /** Share of the base's class in the label, of methods with `softLabels`; the rest is the class of `other`. */
  labelWeight: number;
}

/** Where the synthetic rows of a class come from, once its neighbours are known. */
export interface ClassSource extends Pick<ClassOutcome, 'eligibleBases' | 'kNeighbors' | 'fallback'> {
  /** Decides one sample from its own draws. `step` is in [0, 1). */
  draw(draws: Draws, recipe: Recipe, sample: number): void;
  /** Rows it makes, where the method and not the target decides. */
  readonly count?: number;
  /**
   * For rows that no recipe expresses: turns `row`, made by the sample's recipe, into what it should be, and returns the
   * rows it was made of. Such rows become the plan's `extra`, with all their numbers, so recipes are to be preferred.
   */
  alter?(row: Float32Array, recipe: Readonly<Recipe>, draws: Draws): ArrayLike<number>;
  /** The first sample that `alter` gets, where those before it are recipes; default 0. */
  readonly alterFrom?: number;
}

/** What the file of an over-sampler says; `defineSampler` does the rest. */
export interface SamplerDefinition<N extends string, R extends OptionRules>
  extends Entry, Partial<Pick<SamplerProperties, 'totals' | 'columns' | 'reads' | 'classes'>> {
  readonly name: N;
  readonly towards: Towards;
  readonly options: R;
  /** The label of a row is shared between the classes of its two ends: 24 bytes a row in place of 16. */
  readonly softLabels?: true;
  /** Refuses options that are right one by one but not together. */
  check?(options: OptionsOf<R>): void;
  /** Called once a class that is to grow; its draws follow later, any number of times. */
  prepare(task: ClassTask<OptionsOf<R>>): ClassSource | Promise<ClassSource>;
}
