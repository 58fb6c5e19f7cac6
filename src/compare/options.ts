/** The options of a comparison: what is accepted, what is the default, and why. */

import { custom, integer, number } from '../core/options.js';
import type { OnProgress } from '../core/progress.js';
import type { TrainHeadOptions } from '../strategy/index.js';
import type { TrainedHead } from '../train/index.js';
import { standardBaselines, type Contender } from './contenders.js';

/** Options of `trainHead` that are the same for all. */
export type SharedTraining = Omit<
  TrainHeadOptions,
  'strategy' | 'strategyOptions' | 'seed' | 'validation' | 'signal' | 'onProgress'
>;

export interface CompareOptions {
  /** All registered ones for the rows' kind of labels by default, aliases left out. */
  readonly strategies?: 'all' | readonly Contender[];
  /** Strategies that take part in any case; by default `ce`, `class-weights`, `logit-adjustment`, `random-over-sampling`, for rows with any number of labels `binary-cross-entropy` and `class-weights-sigmoid`. */
  readonly baselines?: readonly string[];
  /** The contender that the others are held against: the first of the default baselines if it takes part, else the first. */
  readonly baseline?: string;
  /** A number of seeds, 0, 1, …, or the seeds. */
  readonly seeds?: number | readonly number[];
  /** Folds of a cross-validation in place of a test share. */
  readonly folds?: number;
  readonly test?: number;
  readonly validation?: number;
  /** Options of `trainHead` for all contenders alike. */
  readonly training?: SharedTraining;
  /** Trainings at a time, each in a thread of its own. */
  readonly jobs?: number;
  /** A folder that keeps each finished training: the same call goes on where it stopped. */
  readonly out?: string;
  readonly timeBudgetMs?: number;
  readonly replicates?: number;
  /** Is handed every head once it is judged; they are not kept otherwise. Training then stays in this thread. */
  readonly onHead?: (name: string, seed: number, head: TrainedHead) => void;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

const isNames = (value: unknown) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '');

/** Options that a comparison and a search share. */
export const sharedRules = {
  folds: custom<number | undefined>({
    accepts: 'integer >= 2',
    default: undefined,
    help: 'cross-validation in place of a test share: each row is judged once a seed; few: large test parts, small training parts; many: as many trainings more',
    check: (value) => Number.isSafeInteger(value) && (value as number) >= 2,
  }),
  test: number({
    min: 0.01,
    max: 0.9,
    default: 0.2,
    help: 'share of the rows to judge by, where a whole set is given',
  }),
  validation: number({
    min: 0,
    max: 0.9,
    default: 0.1,
    help: 'share of the rows that choose the epoch; 0: the last one',
  }),
  training: custom<SharedTraining>({
    accepts: 'options of trainHead',
    default: {},
    help: 'for all contenders alike',
    check: (value) => typeof value === 'object' && value !== null,
  }),
  jobs: custom<number | undefined>({
    accepts: 'integer >= 1',
    default: undefined,
    help: 'trainings at a time, each in a thread of its own; default: as many as there are processors; the result does not depend on it',
    check: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  }),
  out: custom<string | undefined>({
    accepts: 'a folder',
    default: undefined,
    help: 'keeps each finished training here, so that the same command goes on where it stopped',
    check: (value) => typeof value === 'string' && value !== '',
  }),
  signal: custom<AbortSignal | undefined>({
    accepts: 'an AbortSignal',
    default: undefined,
    help: 'stops the work',
    check: (value) => typeof value === 'object' && value !== null && 'aborted' in value,
  }),
  onProgress: custom<OnProgress | undefined>({
    accepts: 'a function',
    default: undefined,
    help: 'is told how far the work is',
    check: (value) => typeof value === 'function',
  }),
};

export const compareOptions = {
  strategies: custom<'all' | readonly Contender[]>({
    accepts: "'all', or an array of strategy names and { name, …options of trainHead }",
    default: 'all',
    help: 'what takes part; more: a longer wait, and wider intervals, for they hold together',
    check: (value) => value === 'all' || (Array.isArray(value) && value.length > 0),
  }),
  baselines: custom<readonly string[] | undefined>({
    accepts: 'an array of strategy names',
    default: undefined,
    help: `strategies that take part in any case, first (default ${standardBaselines.one.join(',')}; for rows with any number of labels ${standardBaselines.many.join(',')}); []: only what is named`,
    check: isNames,
  }),
  baseline: custom<string | undefined>({
    accepts: 'the name of a contender',
    default: undefined,
    help: `what the others are held against; default: ${standardBaselines.one[0]} (for rows with any number of labels ${standardBaselines.many[0]}) if it takes part, else the first`,
    check: (value) => typeof value === 'string',
  }),
  seeds: custom<number | readonly number[]>({
    accepts: 'integer >= 1, or an array of different seeds',
    default: 5,
    help: 'repetitions, each with its own split, initial weights and draws; 1: the spread between runs stays unknown',
    check: (value) =>
      (Number.isSafeInteger(value) && (value as number) >= 1) ||
      (Array.isArray(value) &&
        value.length > 0 &&
        new Set(value).size === value.length &&
        value.every((seed) => Number.isSafeInteger(seed) && seed >= 0)),
  }),
  ...sharedRules,
  timeBudgetMs: custom<number | undefined>({
    accepts: 'finite number > 0',
    default: undefined,
    help: 'no training is started later than this, but for the first one of the baseline; every contender has its first seed before any has its second; what was left out is said',
    check: (value) => Number.isFinite(value) && (value as number) > 0,
  }),
  replicates: integer({ min: 100, default: 2000, help: 'draws of the bootstrap; few: ragged intervals' }),
  onHead: custom<CompareOptions['onHead']>({
    accepts: 'a function',
    default: undefined,
    help: 'is handed every head once it is judged',
    check: (value) => typeof value === 'function',
  }),
};
