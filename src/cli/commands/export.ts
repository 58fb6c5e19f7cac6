import { exportEmbeddings, interchangeFormats, openStore } from '../../index.js';
import type { Command } from '../command.js';
import { required } from './shared.js';

export const exportCommand: Command = {
  name: 'export',
  summary: 'Write the embeddings of a store for other programs.',
  positionals: [{ name: 'STORE', help: 'an embedded dataset' }],
  flags: {
    to: { type: 'string', value: interchangeFormats.join('|'), help: 'the format' },
    out: { type: 'string', value: 'FILE', help: 'the file to write' },
    overwrite: { type: 'boolean', help: 'replace files that are there' },
  },
  example: 'equipoise export flowers-run/store --to npy --out flowers.npy',
  async run([path = ''], flags, context) {
    const to = required(flags, 'to', `one of ${interchangeFormats.join(', ')}`);
    const out = required(flags, 'out', 'a file');
    const report = await exportEmbeddings(await openStore(path), {
      to: to as (typeof interchangeFormats)[number],
      path: out,
      ...(flags['overwrite'] === true && { overwrite: true }),
    });
    context.print(`${report.rows} rows written to ${report.files.join(' and ')}`);
    return { store: path, to, ...report };
  },
};
