/** The document a run leaves behind (`result.json`): plain JSON, complete enough to write every report from it alone. */

import type { ClassOutcome } from '../core/plan.js';
import type { DecisionFit } from '../decision/index.js';
import type { TargetKind } from '../core/targets.js';
import type { AnyEvaluation, ClassScores } from '../metric/index.js';

export const RESULT_FORMAT_VERSION = 1;

export interface TrainingHistory {
  readonly seed: number;
  /** The epoch whose parameters were kept. */
  readonly bestEpoch?: number;
  /** What `validation` measures. */
  readonly validationMetric?: string;
  readonly epochs: readonly {
    /** From 0. */
    readonly epoch: number;
    readonly loss: number;
    readonly learningRate: number;
    readonly validation?: number | null;
  }[];
}

export interface StrategyResult {
  readonly strategy: string;
  /** Everything needed to train it again. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly seeds: readonly number[];
  /** On the test part, one a seed, in the order of `seeds`. */
  readonly evaluations: readonly AnyEvaluation[];
  /** Mean over the seeds, in class-table order. */
  readonly perClass: readonly (ClassScores & {
    /** Of rows with any number of labels; absent for a class without test rows. */
    readonly averagePrecision?: number;
  })[];
  /** Where calibration or a decision rule was fitted; one entry a seed. */
  readonly decision?: {
    /** The same heads on the same rows as training left them. */
    readonly undecided: readonly AnyEvaluation[];
    readonly fits: readonly DecisionFit[];
  };
  /** One a seed. */
  readonly history: readonly TrainingHistory[];
  /** Of the first seed; null where nothing was resampled. */
  readonly resampling: {
    readonly sampler: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly perClass: readonly ClassOutcome[];
  } | null;
  /** Between the rows trained on (synthetic ones included) and the test rows, of the first seed. */
  readonly generalizationGap: {
    readonly perClass: readonly (number | null)[];
    readonly mean: number | null;
  } | null;
  /** Training and judging, all seeds. */
  readonly seconds: number;
}

/** One metric of one strategy against the baseline, paired by seed. */
export interface Comparison {
  readonly baseline: string;
  readonly strategy: string;
  /** Name in an `Evaluation`, such as `balancedAccuracy`. */
  readonly metric: string;
  readonly higherIsBetter: boolean;
  readonly before: number;
  readonly after: number;
  readonly seeds: number;
  /** Of the difference `after - before`; null where none was computed. */
  readonly interval: {
    readonly low: number;
    readonly high: number;
    /** 0.95 */
    readonly confidence: number;
    /** How it was computed, in words. */
    readonly method: string;
  } | null;
  /** `describeComparison` of the rest. */
  readonly sentence: string;
}

export interface ExportedModel {
  /** `head.onnx`, relative to the run folder. */
  readonly file: string;
  readonly bytes: number;
  /** Rows put through both the trained head and the written file. */
  readonly rowsChecked: number;
  /** Largest difference of a logit between the two. */
  readonly largestDifference: number;
  readonly tolerance: number;
}

/** A thing from which a synthetic row was made. */
export interface ParentItem {
  readonly id: string;
  readonly source: string;
  readonly label: string;
  /** Small picture as a `data:` URI. */
  readonly image?: string;
  /** Beginning of a text. */
  readonly text?: string;
}

/** A row that was trained on but that nobody collected. */
export interface SyntheticExample {
  readonly label: string;
  readonly base: ParentItem;
  readonly other: ParentItem;
  /** How far it lies from base towards other, from 0 to 1; null where it is no point between the two. */
  readonly step: number | null;
}

export interface RunResult {
  readonly formatVersion: typeof RESULT_FORMAT_VERSION;
  /** Version of this package. */
  readonly equipoise: string;
  /** ISO 8601. */
  readonly created: string;
  /** As run: every default filled in, so that it can be run again. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly dataset: {
    readonly name: string;
    readonly format: string;
    readonly modality: string;
    readonly classNames: readonly string[];
    /** `many`: rows have any number of labels; absent: one each. */
    readonly targets?: TargetKind;
    /** Items by part as given (before any split), in class-table order. */
    readonly parts: readonly { readonly part: string; readonly perClass: readonly number[] }[];
    /** What was detected, skipped or assumed, in words. */
    readonly notes: readonly string[];
  };
  /** Null for tables, whose columns are the embedding. */
  readonly backbone: { readonly id: string; readonly dim: number; readonly recipeHash: string } | null;
  /** Folder of the embeddings, relative to the run folder. */
  readonly store: string;
  readonly split: {
    readonly seed: number;
    readonly train: readonly number[];
    readonly validation: readonly number[];
    readonly test: readonly number[];
    /** Only where rows have any number of labels, so that the classes do not add up to them. */
    readonly rows?: { readonly train: number; readonly validation: number; readonly test: number };
  };
  readonly steps: readonly { readonly name: string; readonly seconds: number; readonly detail?: string }[];
  /** Training without any remedy; null when that is what the run is about, and `strategies` then holds it. */
  readonly baseline: StrategyResult | null;
  /** The strategy that the run is about first. */
  readonly strategies: readonly [StrategyResult, ...StrategyResult[]];
  /** A few synthetic rows of the rarest classes, of the first strategy and seed. */
  readonly synthetic?: readonly SyntheticExample[];
  /** The first strategy against the baseline, most telling metric first; empty without a baseline. */
  readonly comparisons: readonly Comparison[];
  readonly exported: readonly ExportedModel[];
  /** Items that could not be embedded. */
  readonly failures: readonly { readonly id: string; readonly source: string; readonly reason: string }[];
}
