import { importEmbeddings } from '../../index.js';
import { pick, type Command, type Flag } from '../command.js';
import { required } from './shared.js';

const importFlags: Record<string, Flag> = {
  labels: { type: 'string', value: 'FILE', help: 'a file with one label a row, for formats without labels' },
  label: { type: 'string', value: 'NAME', help: 'label column' },
  labelSeparator: {
    type: 'string',
    value: 'TEXT',
    help: 'rows may have any number of labels, with this between them: ";" in what export writes',
  },
  id: { type: 'string', value: 'NAME', help: 'id column' },
  group: { type: 'string', value: 'NAME', help: 'group column' },
  embedding: { type: 'string', value: 'NAME', help: 'column of lists, tensor or array that holds the embeddings' },
  categorical: {
    type: 'string',
    value: 'NAMES',
    help: 'columns of a table that hold categories as numbers or as very many words, with commas between; columns of few words are found without it',
    check: Array.isArray,
  },
  dtype: { type: 'string', value: 'float32|float16', help: 'how embeddings are stored', default: 'float32' },
  overwrite: { type: 'boolean', help: 'replace a finished store in the same folder' },
};

export const importCommand: Command = {
  name: 'import',
  summary: 'Make a store from embeddings that another program wrote.',
  positionals: [{ name: 'FILE', help: '.npy, .npz, .csv, .parquet, .safetensors or .arrow file' }],
  flags: {
    out: { type: 'string', value: 'STORE', help: 'the store folder' },
    ...importFlags,
  },
  example: 'equipoise import features.npy --labels labels.csv --out features.store',
  async run([path = ''], flags, context) {
    const out = required(flags, 'out', 'a store folder');
    const store = await importEmbeddings(path, {
      out,
      ...pick(flags, importFlags),
    });
    const columns = store.manifest.columns ?? [];
    const categories = new Set(columns.flatMap(({ kind, source }) => (kind === 'one-hot' && source ? [source] : [])));
    for (const name of categories)
      context.say(
        `categorical column ${name}: ${columns.filter(({ source }) => source === name).length} levels, one-hot`,
      );
    context.print(`${store.count} rows of ${store.dim} numbers, ${store.classNames.length} classes, in ${out}`);
    return { store: out, rows: store.count, dim: store.dim, classNames: store.classNames };
  },
};
