import { reportRun } from '../../index.js';
import type { Command } from '../command.js';
import { printResult } from './run.js';

export const reportCommand: Command = {
  name: 'report',
  summary: 'Write the report of a finished run again and print its tables.',
  positionals: [{ name: 'RUN', help: 'a run folder' }],
  flags: {},
  example: 'equipoise report flowers-run',
  async run([dir = ''], _, context) {
    const { path, result } = await reportRun(dir);
    printResult(result, context, dir);
    return { report: path };
  },
};
