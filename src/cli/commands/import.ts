import { importEmbeddings } from '../../index.js';
import type { Command } from '../command.js';
import { required } from './shared.js';

export const importCommand: Command = {
  name: 'import',
  summary: 'Make a store from embeddings that another program wrote.',
  positionals: [{ name: 'FILE', help: '.npy, .csv, .parquet, .safetensors or .arrow file' }],
  flags: {
    out: { type: 'string', value: 'STORE', help: 'the store folder' },
    labels: { type: 'string', value: 'FILE|NAME', help: 'labels: a file beside a .npy, or the column or tensor that holds them' },
    overwrite: { type: 'boolean', help: 'replace a finished store in the same folder' },
  },
  example: 'equipoise import features.npy --labels labels.csv --out features.store',
  async run([path = ''], flags, context) {
    const out = required(flags, 'out', 'a store folder');
    const labels = flags['labels'];
    const store = await importEmbeddings(path, { out, ...(typeof labels === 'string' && { labels }), ...(flags['overwrite'] === true && { overwrite: true }) });
    context.print(`${store.count} rows of ${store.dim} numbers, ${store.classNames.length} classes, in ${out}`);
    return { store: out, rows: store.count, dim: store.dim, classNames: store.classNames };
  },
};
