import { demo, formatTable, scoreTable } from '../../index.js';
import type { Command } from '../command.js';
import { printOverall } from './run.js';
import { threadsFlag } from './shared.js';

export const demoCommand: Command = {
  name: 'demo',
  summary: 'The same on a small long-tailed image set that it draws itself.',
  positionals: [],
  flags: {
    out: { type: 'string', value: 'DIR', help: 'where to draw and to run', default: 'equipoise-demo' },
    seed: { type: 'integer', help: 'of the drawing and the training', default: '0' },
    seeds: { type: 'integer', help: 'how many seeds each strategy is trained with', default: '3' },
    ...threadsFlag,
  },
  example: 'equipoise demo',
  async run(_, flags, context) {
    const out = typeof flags['out'] === 'string' ? flags['out'] : 'equipoise-demo';
    const { seed, seeds, threads } = flags as { seed?: number; seeds?: number; threads?: number };
    const result = await demo(
      {
        out,
        ...(seed !== undefined && { seed }),
        ...(seeds !== undefined && { seeds }),
        ...(threads !== undefined && { threads }),
      },
      { signal: context.signal, onProgress: context.onProgress, onNote: context.say },
    );
    context.print('');
    context.print('recall a class, mean over the seeds');
    context.print(formatTable(scoreTable(result, 'recall')));
    printOverall(result, context, `${out}/run`);
    return result;
  },
};
