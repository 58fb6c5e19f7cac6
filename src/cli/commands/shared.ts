/** Flags that several commands have, and how they become options of the library. */

import {
  EquipoiseError,
  runOptions,
  samplers,
  strategies,
  type OpenDatasetOptions,
  type OptionRules,
} from '../../index.js';
import { flagsFrom, pick, type Flag, type FlagValues } from '../command.js';

const { format, label, text, image, group, id, categorical, header } = runOptions;
export const datasetFlags: Record<string, Flag> = {
  ...flagsFrom({ format, label, text, image, group, id, categorical, header }),
  part: {
    type: 'string',
    value: 'train|validation|test',
    help: 'which part to open where DATA has several side by side',
    default: 'train',
  },
};
export const datasetOptions = (flags: FlagValues) => pick(flags, datasetFlags) as OpenDatasetOptions;

const { backbone, backboneInput, backboneOutput, pool, preprocess, tokenizer } = runOptions;
export const backboneFlags = flagsFrom({ backbone, backboneInput, backboneOutput, pool, preprocess, tokenizer });

export const threadsFlag = flagsFrom({ threads: runOptions.threads });

const rulesOf = (registry: Readonly<Record<string, { options: object }>>) =>
  Object.values(registry).map(({ options }) => options as OptionRules);

/** One flag for each option that any registered strategy or sampler declares. */
export const strategyFlags = flagsFrom(...rulesOf(strategies));
export const samplerFlags = flagsFrom(...rulesOf(samplers));

/** Of the flags of `table`, those that `taken` has not. */
export const without = (table: Readonly<Record<string, Flag>>, taken: object): Record<string, Flag> =>
  Object.fromEntries(Object.entries(table).filter(([name]) => !(name in taken)));

/** @throws ERR_OPTION when a flag that the command cannot do without is absent. */
export function required(flags: FlagValues, name: string, what: string): string {
  const value = flags[name];
  if (typeof value !== 'string')
    throw new EquipoiseError('ERR_OPTION', `Expected ${what} for --${name} but received nothing`);
  return value;
}
