/** The options of training: what is accepted, what is the default, and why. */

import type { DiskSet, EmbeddingSet } from '../core/embedding-set.js';
import { boolean, choice, custom, integer, number, type OptionRule } from '../core/options.js';
import type { OnProgress } from '../core/progress.js';
import type { Head, Scaler } from '../head/index.js';
import type { Kernels } from '../kernels/index.js';
import type { EvaluateLoss, Loss } from '../loss/index.js';
import type { Mix } from '../mix/index.js';
import type { Sampler } from '../sampler/index.js';
import type { BatchSamplerChoice } from './batch-samplers.js';
import { choiceRule, type Choice } from './choice.js';
import type { StepMethod } from './step-method.js';
import { selectionMetrics, type SelectionMetric } from './validation.js';

/** A loss by name, with options, or the caller's own: a function of a batch that writes the gradient and returns the value. */
export type LossChoice = Choice | Loss | EvaluateLoss;

export interface EarlyStopping {
  /** What decides on the validation rows; default `balancedLoss`. */
  readonly metric?: SelectionMetric;
  /** Epochs without a new best before training ends; null, the default, runs them all. The best epoch is kept in any case. */
  readonly patience?: number | null;
}

export interface TrainOptions {
  /** `linear` by default. */
  readonly head?: Choice;
  /** `cross-entropy` by default. */
  readonly loss?: LossChoice;
  /** None by default. It sees the rows as the head does: standardized where `standardize` is on. */
  readonly sampler?: Choice | Sampler | null;
  /** None by default. Each row visited is mixed with a partner, drawn anew each epoch; the rule shares the label. */
  readonly mix?: Choice | Mix | null;
  /** Needs `mix`: who the partner is, and how far the step; `random` by default. */
  readonly pairing?: Choice | null;
  /** `instance` by default. */
  readonly batchSampler?: BatchSamplerChoice;
  /** `sgd` by default. */
  readonly optimizer?: Choice;
  /** `cosine` by default. */
  readonly schedule?: Choice;
  readonly learningRate?: number | 'auto';
  readonly rateFactor?: number;
  /** None by default: a method that makes the gradients of each step in its own way. */
  readonly step?: StepMethod | null;
  readonly accumulate?: number;
  /** A head to go on from, of the same kind and width; its scaler is kept. It is not changed itself. */
  readonly from?: { readonly head: Head; readonly scaler?: Scaler };
  /** Names of the parameters that training moves, or those of the last layer; default: all. */
  readonly trainable?: readonly string[] | 'classifier';
  /** Of the parameters of `from`, those to begin anew; default: none. */
  readonly restart?: readonly string[] | 'classifier';
  readonly epochs?: number | 'auto';
  readonly batchSize?: number;
  readonly epochLength?: 'original' | 'resampled';
  readonly freshDraws?: boolean;
  /** One factor an original row; only their ratios matter. Default: the set's own weights, where it has some. */
  readonly sampleWeights?: ArrayLike<number>;
  /** Default: on for rows that came from a table, off for embeddings. */
  readonly standardize?: boolean | 'center';
  /** Rows that choose the epoch to keep; without them it is the last. */
  readonly validation?: EmbeddingSet | DiskSet;
  /** Needs `validation`. */
  readonly earlyStopping?: EarlyStopping;
  /** At most this many, for the sampler's neighbour search and for the steps; the result does not depend on it. */
  readonly threads?: number;
  readonly seed?: number;
  readonly kernels?: Kernels;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** An option that is an object of the program, not a setting. */
function handed<T>(accepts: string, help: string, check: (value: object) => boolean): OptionRule<T | undefined> {
  return custom<T | undefined>({
    accepts,
    default: undefined,
    help,
    check: (value) => ((typeof value === 'object' && value !== null) || typeof value === 'function') && check(value),
  });
}

const namedLoss = choiceRule<LossChoice>('loss', 'evaluate', 'cross-entropy', 'what training makes small');
const lossRule: typeof namedLoss = {
  ...namedLoss,
  accepts: `${namedLoss.accepts}, or such a function`,
  check: (value) => typeof value === 'function' || namedLoss.check(value),
};

function parameterNames(help: string): OptionRule<readonly string[] | 'classifier' | undefined> {
  return custom<readonly string[] | 'classifier' | undefined>({
    accepts: "an array of names of parameters, or 'classifier' for those of the last layer",
    default: undefined,
    help,
    check: (value) => value === 'classifier' || (Array.isArray(value) && value.length > 0),
  });
}

export const trainRules = {
  head: choiceRule<Choice>('head', null, 'linear', 'what is fitted to the embeddings'),
  loss: lossRule,
  sampler: choiceRule<Choice | Sampler | null>('sampler', 'plan', null, 'adds or removes training rows; null: none'),
  mix: choiceRule<Choice | Mix | null>('mix', 'labelWeight', null, 'mixes pairs of rows and their labels; null: none'),
  pairing: choiceRule<Choice | null>('pairing', null, null, "with whom mix mixes; null: 'random' with mix"),
  batchSampler: choiceRule<BatchSamplerChoice>('batch sampler', 'create', 'instance', 'how often each row is visited'),
  optimizer: choiceRule<Choice>('optimizer', null, 'sgd', 'how the parameters follow the gradient'),
  schedule: choiceRule<Choice>('schedule', null, 'cosine', 'how the learning rate moves over the epochs'),
  learningRate: custom<number | 'auto'>({
    accepts: "finite number > 0, or 'auto'",
    default: 'auto',
    help: 'length of a step; auto: what is stable for the mean squared norm of the rows, so that embeddings of any scale train alike; small: unfinished; large: oscillates or diverges',
    check: (value) => value === 'auto' || (Number.isFinite(value) && (value as number) > 0),
  }),
  epochs: custom<number | 'auto'>({
    accepts: "integer >= 0, or 'auto'",
    default: 'auto',
    help: 'passes over the data; auto: as many as make 10,000 steps, from 10 to 200; 0: the head as it begins; few: unfinished; many: fits the noise of small classes',
    check: (value) => value === 'auto' || (Number.isSafeInteger(value) && (value as number) >= 0),
  }),
  rateFactor: number({ min: 0, default: 1, help: 'multiplies the learning rate, also the one that auto gives' }),
  step: custom<StepMethod | null>({
    accepts: 'an object with a function prepare, or null',
    default: null,
    help: 'makes the gradients of each step in its own way; null: those of the loss of the batch',
    check: (value) => value === null || (typeof value === 'object' && 'prepare' in (value as object)),
  }),
  accumulate: integer({
    min: 1,
    default: 1,
    help: 'batches whose mean gradient makes one step of the optimizer; 1: a step a batch; many: fewer, calmer steps',
  }),
  from: handed<NonNullable<TrainOptions['from']>>(
    'a trained head',
    'where the parameters begin; default: at random, or where the head starts by itself',
    (value) => 'head' in value,
  ),
  trainable: parameterNames('what training moves; default: all'),
  restart: parameterNames('what begins anew although the head goes on from another; default: nothing'),
  batchSize: integer({
    min: 1,
    default: 128,
    help: 'rows a step; small: noisy steps, many of them; large: batches without rare classes become rare, steps few',
  }),
  epochLength: choice({
    of: ['original', 'resampled'],
    default: 'original',
    help: 'rows an epoch visits: as many as the original training set has, so that every strategy gets the same number of steps, or all rows after resampling',
  }),
  freshDraws: boolean({
    default: false,
    help: 'draw the synthetic rows anew each epoch, over the same neighbours',
  }),
  sampleWeights: handed<ArrayLike<number>>(
    'an array of one finite number >= 0 a row',
    'importance of each original row',
    (value) => typeof (value as ArrayLike<number>).length === 'number',
  ),
  standardize: custom<boolean | 'center' | undefined>({
    accepts: "true, false or 'center'",
    default: undefined,
    help: 'bring every column to mean 0 and standard deviation 1 of the training rows (center: mean 0 only), as part of the head; default: for tables only',
    check: (value) => typeof value === 'boolean' || value === 'center',
  }),
  validation: handed<EmbeddingSet | DiskSet>(
    'an embedding set',
    'held-out rows that choose the epoch to keep',
    (value) => ('embeddings' in value || 'rows' in value) && 'labels' in value,
  ),
  earlyStopping: handed<EarlyStopping>(
    `{ metric: ${selectionMetrics.join(' | ')}, patience: epochs or null }`,
    'what on the validation rows decides, and when to give up',
    () => true,
  ),
  threads: custom<number | undefined>({
    accepts: 'integer >= 1',
    default: undefined,
    help: 'threads of the neighbour search and of the steps; default: what the machine allows; the result is the same',
    check: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  }),
  seed: integer({ min: 0, default: 0, help: 'every random choice follows from it' }),
  kernels: handed<Kernels>('kernels from loadKernels()', 'arithmetic backend', (value) => 'gemm' in value),
  signal: handed<AbortSignal>('an AbortSignal', 'stops training', (value) => 'aborted' in value),
  onProgress: handed<OnProgress>('a function', 'is told how far training is', (value) => typeof value === 'function'),
} as const;

export const stoppingRules = {
  metric: choice({
    of: selectionMetrics,
    default: 'balancedLoss',
    help: 'what is compared; the losses tell epochs apart where few rows give the same accuracy, and plain loss follows the large classes',
  }),
  patience: custom<number | null>({
    accepts: 'integer >= 1, or null',
    default: null,
    help: 'epochs without a new best before training ends; null: never; small: stops at the first noise',
    check: (value) => value === null || (Number.isSafeInteger(value) && (value as number) >= 1),
  }),
};
