import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { readConfig, run, runOptions, type RunInput, type RunResult } from '../../index.js';
import { classTable, formatTable, stepsTable, strategiesTable, summary } from '../../index.js';
import { flagsFrom, pick, type Command, type Context, type Flag } from '../command.js';
import { declaredOptions, strategyFlags } from './shared.js';

const { data: _data, strategyOptions: _options, baselines: _baselines, ...plain } = runOptions;

const ownFlags: Record<string, Flag> = {
  ...flagsFrom(plain),
  baselines: {
    type: 'string',
    value: 'A,B',
    help: 'strategies trained for comparison; the first is "before"',
    default: 'ce',
  },
  config: { type: 'string', value: 'FILE', help: 'config.json of a run to repeat; other flags override it' },
};

/** Of the strategies' options, those whose name is no setting of the run. */
const optionFlags = Object.fromEntries(Object.entries(strategyFlags).filter(([name]) => !(name in ownFlags)));

/** Absolute, so that the config.json works from anywhere; names of backbones stay names. */
const place = (value: unknown) => (typeof value === 'string' && existsSync(value) ? resolve(value) : value);

/** Prints what a person wants to know first of a finished run. */
export function printResult(result: RunResult, context: Context, out: string): void {
  context.print('');
  context.print(formatTable(classTable(result)));
  printOverall(result, context, out);
}

export function printOverall(result: RunResult, context: Context, out: string): void {
  context.print('');
  context.print(formatTable(strategiesTable(result)));
  context.print('');
  context.print(formatTable(stepsTable(result)));
  context.print('');
  for (const line of summary(result)) context.print(line);
  context.print(`${out}/report.html has the rest; ${out}/classifier.onnx is the classifier.`);
}

export const runCommand: Command = {
  name: 'run',
  summary: 'Everything, end to end: embed, split, balance, train, judge, report, export.',
  positionals: [{ name: 'DATA', help: 'folder of class folders, IDX folder, CSV or KEEL file', optional: true }],
  flags: { ...ownFlags, ...optionFlags },
  example: 'equipoise run flowers/train --test flowers/test --strategy eos --out flowers-run',
  async run([data], flags, context) {
    const { config: configPath, ...rest } = flags;
    const before: RunInput =
      typeof configPath === 'string' ? { ...(await readConfig(configPath)), overwrite: false } : {};
    const given: Record<string, unknown> = pick(rest, Object.keys(plain));
    for (const name of ['test', 'backbone', 'tokenizer']) if (name in given) given[name] = place(given[name]);
    if (data !== undefined) given['data'] = place(data);
    if (typeof rest['baselines'] === 'string')
      given['baselines'] = rest['baselines'].split(',').filter((name) => name !== '');
    for (const name of ['epochs', 'learningRate'])
      if (typeof given[name] === 'string' && given[name] !== 'auto') given[name] = Number(given[name]);
    const strategyOptions = declaredOptions(rest, optionFlags);
    if (Object.keys(strategyOptions).length > 0)
      given['strategyOptions'] = { ...before.strategyOptions, ...strategyOptions };
    const input: RunInput = { ...before, ...given };
    const result = await run(input, { signal: context.signal, onProgress: context.onProgress, onNote: context.say });
    printResult(result, context, String(input.out ?? 'equipoise-run'));
    return result;
  },
};
