import { EquipoiseError, formatTable, strategies, tuneOptions, tuneStore, tuningTable } from '../../index.js';
import { flagsFrom, pick, type Command, type Flag } from '../command.js';
import { sayWithoutSplit, splitFlag, trainingFlags as allTrainingFlags } from './compare.js';
import { required, without } from './shared.js';

const { search, trials, seed, seeds, metric, epochs, eta, test, validation, jobs, out } = tuneOptions;
const tunedFlags: Record<string, Flag> = {
  strategy: { type: 'string', value: Object.keys(strategies).join('|'), help: 'whose options are searched' },
  ...flagsFrom({ search, trials, seed, seeds, metric, epochs, eta, test, validation, jobs, out }),
};
const trainingFlags = without(allTrainingFlags, tunedFlags);

/** A value as it is meant: a number, yes or no, or a word. */
function valueOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** `gamma=0.5,1,2` or `gamma=0.1..10` or `gamma=0.1..10:log`. */
function readSpace(given: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, values] = /^(\w+)=(.+)$/.exec(text) ?? [];
      if (name === undefined || values === undefined)
        throw new EquipoiseError(
          'ERR_OPTION',
          `Expected NAME=VALUE,VALUE,… or NAME=MIN..MAX or NAME=MIN..MAX:log for --space but received ${JSON.stringify(text)}`,
        );
      const [, min, max, scale] = /^(-?[\d.e+-]+?)\.\.(-?[\d.e+-]+?)(:log)?$/.exec(values) ?? [];
      if (min === undefined || max === undefined) return [name, values.split(',').map(valueOf)];
      return [name, { min: Number(min), max: Number(max), ...(scale && { scale: 'log' }) }];
    }),
  );
}

export const tuneCommand: Command = {
  name: 'tune',
  summary: 'Search the options of a strategy on validation rows, discarding what does badly early.',
  positionals: [{ name: 'STORE', help: 'an embedded dataset' }],
  flags: {
    ...tunedFlags,
    space: {
      type: 'string',
      value: 'NAME=VALUES',
      multiple: true,
      help: 'an option of the strategy or of training: gamma=0.5,1,2 lists values, gamma=0.1..10 or gamma=0.1..10:log is a range; give it once for each option; default: all options of the strategy',
    },
    split: splitFlag,
    ...trainingFlags,
  },
  example: 'equipoise tune flowers-run/store --strategy focal --space gamma=0.5,1,2,4 --space learningRate=0.01..1:log',
  async run([path = ''], flags, context) {
    const strategy = required(flags, 'strategy', 'the name of a strategy');
    const { split, space } = flags as { split?: string; space?: string[] };
    await sayWithoutSplit(path, split, context);
    const tuning = await tuneStore(path, {
      ...pick(flags, tunedFlags),
      strategy,
      ...(space && { space: readSpace(space) as never }),
      ...(split !== undefined && { split }),
      training: pick(flags, trainingFlags),
      signal: context.signal,
      onProgress: context.onProgress,
    });
    context.print(formatTable(tuningTable(tuning)));
    context.print('');
    tuning.conclusion.forEach((sentence) => context.print(sentence));
    return tuning;
  },
};
