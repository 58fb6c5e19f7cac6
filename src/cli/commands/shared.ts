/** Flags that several commands have, and how they become options of the library. */

import {
  EquipoiseError,
  readRedisOptions,
  runOptions,
  samplers,
  strategies,
  type OpenDatasetOptions,
  type OptionRules,
  type QueueOptions,
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

/** Where shards wait for workers. */
export const queueFlags: Record<string, Flag> = {
  queue: {
    type: 'string',
    value: 'URL',
    help: 'redis://HOST:PORT, or rediss:// for TLS, with user:password@ where asked for: shards are worked off by equipoise worker',
  },
  queueName: { type: 'string', value: 'NAME', help: 'runs and workers of one name meet', default: 'equipoise' },
  redisOptions: {
    type: 'string',
    value: 'FILE',
    help: 'JSON with options of ioredis; tls.caFile, tls.certFile and tls.keyFile are read',
  },
};

export async function queueOptions(flags: FlagValues): Promise<QueueOptions> {
  const { queueName, redisOptions } = flags as { queueName?: string; redisOptions?: string };
  return {
    queue: required(flags, 'queue', 'the address of Redis, such as redis://localhost:6379,'),
    ...(queueName !== undefined && { queueName }),
    ...(redisOptions !== undefined && { redis: await readRedisOptions(redisOptions) }),
  };
}

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
