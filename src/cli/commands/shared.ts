/** Flags that several commands have, and how they become options of the library. */

import { EquipoiseError, samplers, strategies, type BackboneOptions, type OpenDatasetOptions } from '../../index.js';
import { flagsFrom, pick, type Flag, type FlagValues } from '../command.js';

export const datasetFlags: Record<string, Flag> = {
  format: { type: 'string', help: 'dataset format, where detection is wrong' },
  label: { type: 'string', value: 'NAME|INDEX', help: 'label column; a negative index counts from the end' },
  text: { type: 'string', value: 'NAME|INDEX', help: 'text column' },
  image: { type: 'string', value: 'NAME|INDEX', help: 'image path column' },
  group: { type: 'string', value: 'NAME|INDEX', help: 'group column: rows of one group stay on one side of a split' },
  id: { type: 'string', value: 'NAME|INDEX', help: 'id column' },
  header: {
    type: 'string',
    value: 'auto|yes|no',
    help: 'whether a table starts with a line of names',
    default: 'auto',
  },
};

export const datasetOptions = (flags: FlagValues): OpenDatasetOptions =>
  pick(flags, Object.keys(datasetFlags)) as OpenDatasetOptions;

export const backboneFlags: Record<string, Flag> = {
  backbone: {
    type: 'string',
    value: 'ID|FOLDER|FILE',
    help: 'backbone; images default to tiny-image, tables need none',
  },
  backboneInput: { type: 'string', value: 'NAME', help: 'graph input, where no backbone.json says it' },
  backboneOutput: {
    type: 'string',
    value: 'NAME',
    help: 'tensor to take; an inner one is cut out; "penultimate" finds it',
  },
  pool: { type: 'string', value: 'NAME', help: 'pooling of the tensor: none, mean, cls, last, max, gap' },
  preprocess: {
    type: 'string',
    value: 'PRESET',
    help: 'preprocessing of a bare .onnx file: imagenet, caffe, clip, none',
  },
  tokenizer: { type: 'string', value: 'FILE', help: 'tokenizer.json of a bare text model' },
};

export function backboneOptions(flags: FlagValues): BackboneOptions {
  const { backboneInput: input, backboneOutput: output, pool, preprocess, tokenizer } = flags;
  return Object.fromEntries(
    Object.entries({ input, output, pool, preprocess, tokenizer }).filter(([, value]) => value !== undefined),
  ) as BackboneOptions;
}

export const threadsFlag: Record<string, Flag> = {
  threads: { type: 'integer', help: 'processor threads; default: what this process may use' },
};

const rulesOf = (registry: Readonly<Record<string, { options: object }>>) =>
  Object.values(registry).map(({ options }) => options as Parameters<typeof flagsFrom>[0]);

/** One flag for each option that any registered strategy or sampler declares. */
export const strategyFlags = flagsFrom(...rulesOf(strategies));
export const samplerFlags = flagsFrom(...rulesOf(samplers));

/** `--sampling-strategy auto`, or totals by class as JSON: `{"cat": 100}`. */
export function declaredOptions(flags: FlagValues, table: Readonly<Record<string, Flag>>): Record<string, unknown> {
  const given: Record<string, unknown> = pick(flags, Object.keys(table));
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string') continue;
    if (value.startsWith('{') || value.startsWith('['))
      try {
        given[name] = JSON.parse(value);
      } catch (error) {
        throw new EquipoiseError(
          'ERR_OPTION',
          `Expected JSON for --${name} but received ${JSON.stringify(value)}: ${(error as Error).message}`,
        );
      }
    else if (table[name]?.type === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
      given[name] = Number(value);
  }
  return given;
}

/** @throws ERR_OPTION when a flag that the command cannot do without is absent. */
export function required(flags: FlagValues, name: string, what: string): string {
  const value = flags[name];
  if (typeof value !== 'string')
    throw new EquipoiseError('ERR_OPTION', `Expected ${what} for --${name} but received nothing`);
  return value;
}

export const seconds = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} s`;
