import { demo, formatTable, scoreTable } from '../../index.js';
import { pick, type Command, type Flag } from '../command.js';
import { printOverall } from './run.js';
import { threadsFlag } from './shared.js';

const ownFlags: Record<string, Flag> = {
  out: { type: 'string', value: 'DIR', help: 'where to draw and to run', default: 'equipoise-demo' },
  seed: { type: 'integer', help: 'of the drawing and the training', default: '0' },
  seeds: { type: 'integer', help: 'how many seeds each strategy is trained with', default: '3' },
  ...threadsFlag,
};

export const demoCommand: Command = {
  name: 'demo',
  summary: 'The same on a small long-tailed image set that it draws itself.',
  positionals: [],
  flags: ownFlags,
  example: 'equipoise demo',
  async run(_, flags, context) {
    const result = await demo(pick(flags, ownFlags), {
      signal: context.signal,
      onProgress: context.onProgress,
      onNote: context.say,
    });
    context.print('');
    context.print('recall a class, mean over the seeds');
    context.print(formatTable(scoreTable(result, 'recall')));
    printOverall(result, context, result.config.out as string);
    return result;
  },
};
