/** What every way of going through an epoch shares. */

import { EquipoiseError, throwIfAborted } from '../core/errors.js';
import type { OnProgress } from '../core/progress.js';
import type { DrawCursor } from '../core/rng.js';
import type { Head } from '../head/index.js';
import type { Kernels } from '../kernels/index.js';
import type { Loss, LossBatch } from '../loss/index.js';
import type { ResolvedOptimizer } from './optimizers.js';
import type { StepPlace } from './step-method.js';
import type { Stretches, Visits } from './stretches.js';

export interface Training {
  readonly head: Head;
  /** Positions of the parameters that move. */
  readonly moving: readonly number[];
  readonly optimizer: ResolvedOptimizer;
  readonly loss: Loss;
  /** What a loss may ask for beyond the batch. */
  readonly given: Pick<LossBatch, 'classCounts' | 'trainingRows' | 'seed' | 'cosineScale' | 'recalls'>;
  readonly epochs: number;
  /** Rows an epoch, and those of a step; the last step of an epoch has what is left. */
  readonly epochRows: number;
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  /** Of heads whose training passes are random, placed anew for each. */
  readonly dropped?: DrawCursor;
  /** Brings the rows of visits into memory. */
  readonly stretches: Stretches;
  readonly kernels: Kernels;
  readonly threads: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export type EpochPlace = Omit<StepPlace, 'step'>;

export interface EpochOutcome {
  /** Mean over the rows visited. */
  readonly loss: number;
  /** No further epoch would help. */
  readonly converged?: boolean;
}

/** `meanwhile` is for this thread to do while others compute, if they do; doing it again does nothing. */
export type RunEpoch = (visits: Visits, place: EpochPlace, meanwhile: () => void) => Promise<EpochOutcome>;

export function diverged({ epoch, step, rate }: StepPlace, why: string, cause?: unknown): EquipoiseError {
  return new EquipoiseError(
    'ERR_DATA',
    `Training diverged in step ${step} of epoch ${epoch}, at learning rate ${rate}: ${why}. Lower learningRate (or leave it 'auto'), or set standardize: true`,
    { cause },
  );
}

/** Long enough to be no burden, short enough that timers and signals of the caller's program stay lively. */
const yieldEveryMs = 15;

/** Lets the caller's program live while training computes on its thread: to be awaited where it is not undefined. */
export function breather({ signal, onProgress, epochs, stepsPerEpoch }: Training) {
  let last = performance.now();
  return (done?: number): Promise<void> | undefined => {
    if (performance.now() - last < yieldEveryMs) return undefined;
    if (done !== undefined) onProgress?.({ stage: 'train', done, total: epochs * stepsPerEpoch });
    return new Promise<void>((resolve) =>
      typeof setImmediate === 'function' ? setImmediate(resolve) : setTimeout(resolve, 0),
    ).then(() => {
      throwIfAborted(signal, 'training');
      last = performance.now();
    });
  };
}
