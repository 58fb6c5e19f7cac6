import { readConfig, run, runOptions, strategies, type RunInput, type RunResult } from '../../index.js';
import { classTable, formatTable, stepsTable, strategiesTable, summary } from '../../index.js';
import { flagsFrom, pick, type Command, type Context, type Flag } from '../command.js';
import { decisionFlags, decisionFrom, strategyFlags, without } from './shared.js';

const { data: _data, strategyOptions: _options, ...settings } = runOptions;
const settingFlags = { ...flagsFrom(settings), ...decisionFlags };
const optionFlags = without(strategyFlags, settingFlags);
const configFlag: Record<string, Flag> = {
  config: { type: 'string', value: 'FILE', help: 'config.json of a run to repeat; other flags override it' },
};

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
  positionals: [
    {
      name: 'DATA',
      help: 'dataset: folder of class folders, .csv, .jsonl, .parquet, .tar, list of paths or - …',
      optional: true,
    },
  ],
  flags: { ...settingFlags, ...configFlag, ...optionFlags },
  chosen: { flag: 'strategy', of: strategies, flags: optionFlags },
  example: 'equipoise run flowers/train --test flowers/test --strategy eos --out flowers-run',
  async run([data], flags, context) {
    const { config: path } = flags;
    const before: RunInput = typeof path === 'string' ? { ...(await readConfig(path)), overwrite: false } : {};
    // The options of another strategy would be refused.
    const kept = (flags['strategy'] ?? before.strategy) === before.strategy ? before.strategyOptions : {};
    const input: RunInput = {
      ...before,
      ...pick(flags, settings),
      ...decisionFrom(flags),
      ...(data !== undefined && { data }),
      strategyOptions: { ...kept, ...pick(flags, optionFlags) },
    };
    const result = await run(input, { signal: context.signal, onProgress: context.onProgress, onNote: context.say });
    printResult(result, context, String(input.out ?? 'equipoise-run'));
    return result;
  },
};
