/** The door for methods that make their own gradients out of batches: meta-learning, re-weighting, translation of rows. */

import type { TrainingSet } from '../core/embedding-set.js';
import type { Rng } from '../core/rng.js';
import type { Head } from '../head/index.js';
import type { Kernels } from '../kernels/index.js';
import type { Loss } from '../loss/index.js';
import type { BatchSamplerChoice } from './batch-samplers.js';
import type { Choice } from './choice.js';
import type { Batch } from './rows.js';

/** Where training stands, counted from 0. */
export interface StepPlace {
  readonly epoch: number;
  readonly epochs: number;
  /** Within the epoch. */
  readonly step: number;
  readonly rate: number;
}

/** Leaves the gradients of the step in `StepContext.gradients` and returns its loss; the optimizer moves the parameters. */
export type StepFunction = (batch: Batch, place: StepPlace) => number;

export interface StepContext {
  /** The training rows as the head sees them: scaled where a scaler is on. */
  readonly set: TrainingSet;
  readonly head: Head;
  /** Of all parameters of the head, in its order. */
  readonly gradients: readonly Float32Array[];
  readonly loss: Loss;
  readonly batchSize: number;
  readonly epochs: number;
  /** Before the schedule. */
  readonly learningRate: number;
  readonly rng: Rng;
  readonly kernels: Kernels;
  readonly signal?: AbortSignal;
  /** Forward, loss, backward at the present parameters: the loss, with its gradients in `gradients`. */
  evaluate(
    batch: Batch,
    place: StepPlace,
    given?: { readonly loss?: Loss; readonly sampleWeights?: Float32Array },
  ): number;
  /**
   * An endless source of further batches of `rows` rows, whose memory is reused: of the original rows, or of what a sampler makes of them.
   * Different names draw independently.
   */
  batches(given: {
    readonly name: string;
    readonly rows: number;
    readonly sampler?: Choice | null;
    readonly batchSampler?: BatchSamplerChoice;
  }): Promise<() => Batch>;
}

export interface StepMethod {
  readonly name: string;
  /** Recorded in the settings. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Called once, before the first step. */
  prepare(context: StepContext): StepFunction | Promise<StepFunction>;
}
