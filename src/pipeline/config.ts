/** The settings of a run, declared once: checks, command-line flags, help and config.json are made from this table. */

import { boolean, choice, custom, integer, number, resolveOptions, text, type OptionsOf } from '../core/options.js';
import { lookUp } from '../core/registry.js';
import type { TargetKind } from '../core/targets.js';
import {
  assertTargets,
  defaultStrategy,
  plainStrategy,
  strategies,
  type StrategyDefinition,
} from '../strategy/index.js';
import { decisionOptions, resolveDecision, type DecisionOptions } from '../decision/index.js';
import { embedOptions } from '../embed/index.js';
import { trainRules } from '../train/index.js';

const nonNegative = 'whole number >= 0';

export const runOptions = {
  data: text({
    help: 'training data: a folder of class folders, .csv, .jsonl, .parquet, .tar, IDX, CIFAR, KEEL, a list of paths, or - for one on standard input',
  }),
  test: text({ help: 'test data of the same kind; without it a stratified share of DATA is held out' }),
  out: text({ default: 'equipoise-run', help: 'the run folder' }),
  backbone: text({ help: 'backbone id, folder or .onnx file; images default to tiny-image, tables need none' }),
  strategy: text({
    help: `what to train beside the baselines; default: ${defaultStrategy.one}, for rows with any number of labels ${defaultStrategy.many}`,
  }),
  strategyOptions: custom<Readonly<Record<string, unknown>>>({
    accepts: 'an object of options',
    default: {},
    help: 'options of the strategy, such as { kNeighbors: 10 }',
    check: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  }),
  baselines: custom<readonly string[] | undefined>({
    accepts: 'an array of strategy names',
    default: undefined,
    help: `strategies trained for comparison; the first is "before"; default: ${plainStrategy.one}, for rows with any number of labels ${plainStrategy.many}`,
    check: (value) => Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string'),
  }),
  seed: integer({ min: 0, default: 0, help: 'of every random choice; the same seed gives the same result' }),
  seeds: integer({
    min: 1,
    max: 100,
    default: 1,
    help: 'how many seeds to train with (seed, seed + 1, …); one says little about noise',
  }),
  testFraction: number({
    min: 0,
    max: 0.9,
    default: 0.2,
    help: 'share of each class held out for judging when no test data is given',
  }),
  validationFraction: number({
    min: 0,
    max: 0.9,
    default: 0.1,
    help: 'share of each class held out for choosing the epoch; 0: the last epoch is taken',
  }),
  format: text({ help: 'dataset format, where detection is wrong' }),
  label: text({ help: 'label column: name, or index (negative counts from the end)' }),
  labelSeparator: text({
    help: 'items may have any number of labels, with this between them: "|" reads cat|dog; lists in JSON and Parquet need nothing',
  }),
  labelColumns: custom<readonly (string | number)[] | undefined>({
    accepts: 'a list of columns by name or by index',
    default: undefined,
    help: 'items may have any number of labels: columns that hold 1 where an item has the class of their name, else 0',
    check: (value) => Array.isArray(value) && value.length > 0,
  }),
  text: text({ help: 'text column: name or index' }),
  image: text({ help: 'image path column: name or index' }),
  group: text({ help: 'group column: rows of one group stay on one side of a split' }),
  id: text({ help: 'id column: name or index' }),
  categorical: custom<readonly (string | number)[] | undefined>({
    accepts: 'a list of columns by name or by index',
    default: undefined,
    help: 'columns of a table that hold categories as numbers, or more than 64 different words; columns of few words are found without it',
    check: Array.isArray,
  }),
  header: custom<'auto' | 'yes' | 'no' | undefined>({
    accepts: 'auto, yes or no',
    default: undefined,
    help: 'whether a table starts with a line of names; default: auto',
    check: (value) => ['auto', 'yes', 'no'].includes(value as string),
  }),
  tokenizer: text({ help: 'tokenizer.json of a text backbone that has no backbone.json' }),
  backboneInput: text({ help: 'name of the graph input, where no backbone.json says it' }),
  backboneOutput: text({ help: 'name of the tensor to take; an inner one is cut out' }),
  pool: text({ help: 'pooling of the tensor: none, mean, cls, last, max, gap' }),
  preprocess: text({ help: 'preprocessing preset for a bare .onnx file: imagenet, caffe, clip, none' }),
  embedBatchSize: embedOptions.batchSize,
  shardSize: embedOptions.shardSize,
  dtype: embedOptions.dtype,
  maxFailRate: embedOptions.maxFailRate,
  epochs: trainRules.epochs,
  batchSize: trainRules.batchSize,
  learningRate: trainRules.learningRate,
  standardize: choice({
    of: ['auto', 'yes', 'no'],
    default: 'auto',
    help: 'fit a scaler on the training rows as first node of the head; auto: for tables',
  }),
  ...decisionOptions,
  threads: custom<number | undefined>({
    accepts: `${nonNegative}, 1 or more`,
    default: undefined,
    help: 'processor threads; default: what this process may use',
    check: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  }),
  overwrite: boolean({ default: false, help: 'replace a finished run in the same folder' }),
};

/** How tables and their like are read. */
const {
  format,
  label,
  labelSeparator,
  labelColumns,
  text: textColumn,
  image,
  group,
  id,
  categorical,
  header,
} = runOptions;
export const dataOptions = {
  format,
  label,
  labelSeparator,
  labelColumns,
  text: textColumn,
  image,
  group,
  id,
  categorical,
  header,
};

export type RunConfig = OptionsOf<typeof runOptions>;
/** With what is trained. */
export type ChosenConfig = RunConfig & { readonly strategy: string; readonly baselines: readonly string[] };

/** What callers give: any subset; `data` is needed. */
export type RunInput = { [K in keyof RunConfig]?: RunConfig[K] | undefined };

/** Settings that say where, how fast and how strictly, not what: a run may be resumed with others. */
export const circumstantial: readonly (keyof RunConfig)[] = ['out', 'threads', 'overwrite', 'maxFailRate'];

/** The settings that say how probabilities are calibrated and classes decided for. */
export function decisionOf({ calibration, decision, decisionRule }: RunConfig): DecisionOptions {
  return { calibration, decision, decisionRule };
}

/** @throws ERR_OPTION */
export function resolveRunConfig(input: RunInput): RunConfig {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined && value !== null));
  const config = resolveOptions('run', runOptions, given);
  // Before the long work, not after it.
  config.baselines?.forEach(named);
  if (config.strategy !== undefined)
    resolveOptions(config.strategy, named(config.strategy).options, config.strategyOptions);
  resolveDecision('run', decisionOf(config));
  return config;
}

const named = (name: string): StrategyDefinition =>
  lookUp(
    strategies as unknown as Readonly<Record<string, StrategyDefinition>>,
    'strategy',
    name,
    'strategies',
  ) as StrategyDefinition;

/**
 * Says what is trained, once it is known which kind of labels the rows have.
 * @throws ERR_OPTION for strategies of another kind, options that the strategy does not have, decisions that cannot be tuned.
 */
export function chooseStrategies(config: RunConfig, kind: TargetKind): ChosenConfig {
  const { strategy = defaultStrategy[kind], baselines = [plainStrategy[kind]] } = config;
  for (const name of [...baselines, strategy]) assertTargets(named(name), kind);
  resolveOptions(strategy, named(strategy).options, config.strategyOptions);
  resolveDecision('run', decisionOf(config), kind);
  return { ...config, strategy, baselines };
}
