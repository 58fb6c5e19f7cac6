import { exportEmbeddings, exportFormats, openStore } from '../../index.js';
import type { Command } from '../command.js';
import { required } from './shared.js';

export const exportCommand: Command = {
  name: 'export',
  summary: 'Write the embeddings of a store for other programs.',
  positionals: [{ name: 'STORE', help: 'an embedded dataset' }],
  flags: {
    to: { type: 'string', value: exportFormats.join('|'), help: 'the format' },
    out: { type: 'string', value: 'FILE', help: 'the file to write' },
  },
  example: 'equipoise export flowers-run/store --to npy --out flowers.npy',
  async run([path = ''], flags, context) {
    const to = required(flags, 'to', `one of ${exportFormats.join(', ')}`);
    const out = required(flags, 'out', 'a file');
    const report = await exportEmbeddings(await openStore(path), { to: to as (typeof exportFormats)[number], path: out });
    context.print(`${path} written to ${out}`);
    return { store: path, to, out, ...(typeof report === 'object' ? report : {}) };
  },
};
