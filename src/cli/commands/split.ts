import { openStore, split } from '../../index.js';
import type { Command } from '../command.js';

export const splitCommand: Command = {
  name: 'split',
  summary: 'Divide the rows of a store into training, validation and test; touches no shard.',
  positionals: [{ name: 'STORE', help: 'an embedded dataset' }],
  flags: {
    name: { type: 'string', value: 'NAME', help: 'name of the split', default: 'default' },
    test: { type: 'number', help: 'share of each class to judge by', default: '0.2' },
    validation: { type: 'number', help: 'share of each class to choose by', default: '0.1' },
    seed: { type: 'integer', help: 'which rows fall where', default: '0' },
    overwrite: { type: 'boolean', help: 'replace a split of that name' },
  },
  example: 'equipoise split flowers.store --name default --test 0.2 --validation 0.1',
  async run([path = ''], flags, context) {
    const {
      name = 'default',
      test = 0.2,
      validation = 0.1,
      seed = 0,
    } = flags as { name?: string; test?: number; validation?: number; seed?: number };
    const store = await openStore(path);
    const sets = split(await store.onDisk(), { test, validation, seed });
    const parts = { train: sets.train.ids, validation: sets.validation.ids, test: sets.test.ids };
    await store.writeSplit(name, {
      seed,
      parts,
      settings: { test, validation },
      overwrite: flags['overwrite'] === true,
    });
    const counts = Object.fromEntries(Object.entries(parts).map(([part, ids]) => [part, ids.length]));
    context.print(
      `split ${name}: ${Object.entries(counts)
        .map(([part, rows]) => `${part} ${rows}`)
        .join(', ')}`,
    );
    return { store: path, split: name, seed, ...counts };
  },
};
