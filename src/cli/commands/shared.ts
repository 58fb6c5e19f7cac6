/** Flags that several commands have, and how they become options of the library. */

import {
  EquipoiseError,
  expected,
  calibrations,
  dataOptions,
  decisionOptions,
  decisionRules,
  readRedisOptions,
  runOptions,
  samplers,
  strategies,
  type OpenDatasetOptions,
  type OptionRules,
  type QueueOptions,
} from '../../index.js';
import { flagsFrom, kebab, pick, type Context, type Flag, type FlagValues } from '../command.js';

export const datasetFlags: Record<string, Flag> = {
  ...flagsFrom(dataOptions),
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

export const memoryFlag: Record<string, Flag> = {
  memory: {
    type: 'string',
    value: 'SIZE',
    help: 'what the rows may take, such as 512MB: those of a larger store stay on disk and are read in windows, for the same result; default: a quarter of the memory there is',
  },
};

/** Says where rows are that are not in memory. */
export function sayOnDisk(set: object, context: Context): void {
  if (!('rows' in set)) return;
  const { count, cols, memoryBytes } = set.rows as { count: number; cols: number; memoryBytes: number };
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`;
  context.say(
    `${count} x ${cols} rows stay on disk (${mebibytes(4 * count * cols)}) and are read as ${mebibytes(memoryBytes)} hold them; --memory changes that`,
  );
}

const units = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `--memory` as an option of the library. @throws ERR_OPTION for anything but a size. */
export function memoryBytesOf({ memory }: FlagValues): { memoryBytes?: number } {
  if (memory === undefined) return {};
  const [, digits, unit = 'B'] = /^(\d+(?:\.\d+)?)\s*([KMGT]?B)$/i.exec(String(memory)) ?? [];
  const memoryBytes = Math.floor(Number(digits) * 1024 ** units.indexOf(unit.toUpperCase()));
  if (!(memoryBytes >= 1)) throw expected('a size such as 512MB or 4GB', '--memory', memory);
  return { memoryBytes };
}

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

/** Of any registered calibration. */
const calibrationFlags = flagsFrom(...rulesOf(calibrations));
const { calibration: calibrationFlag, decisionRule: ruleFlag, ...otherFlags } = flagsFrom(decisionOptions);
export const decisionFlags: Record<string, Flag> = {
  calibration: { ...(calibrationFlag as Flag), value: `none|${Object.keys(calibrations).join('|')},…` },
  ...otherFlags,
  decisionRule: { ...(ruleFlag as Flag), value: Object.keys(decisionRules).join('|') },
  ...calibrationFlags,
};

/**
 * The options that `decisionFlags` make: options of a calibration go to the ones of --calibration that declare them.
 * @throws ERR_OPTION for an option that none of them has.
 */
export function decisionFrom(flags: FlagValues): Record<string, unknown> {
  const { calibration, ...rest } = pick(flags, decisionOptions);
  const options = pick(flags, calibrationFlags);
  const used = new Set<string>();
  const list = calibration === undefined ? [] : Array.isArray(calibration) ? calibration : [calibration];
  const choices = list.map((choice: unknown) => {
    if (typeof choice !== 'string' || !Object.hasOwn(calibrations, choice)) return choice;
    const own = pick(options, calibrations[choice as keyof typeof calibrations].options);
    for (const name of Object.keys(own)) used.add(name);
    return Object.keys(own).length > 0 ? { name: choice, ...own } : choice;
  });
  const useless = Object.keys(options).find((name) => !used.has(name));
  if (useless !== undefined) {
    const having = Object.values(calibrations).filter(({ options: declared }) => useless in declared);
    throw new EquipoiseError(
      'ERR_OPTION',
      `Option --${kebab(useless)} needs a calibration that has it: --calibration ${having.map(({ name }) => name).join(' or ')}`,
    );
  }
  return { ...(calibration !== undefined && { calibration: choices.length === 1 ? choices[0] : choices }), ...rest };
}

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
