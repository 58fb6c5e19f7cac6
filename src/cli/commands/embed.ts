import {
  augmenters,
  backboneFor,
  embed,
  embedOptions,
  EquipoiseError,
  openDataset,
  type Augment,
  type MadeCopies,
} from '../../index.js';
import { flagsFrom, pick, type Command } from '../command.js';
import { backboneFlags, datasetFlags, datasetOptions, required, threadsFlag } from './shared.js';

const settingFlags = { ...flagsFrom(embedOptions), ...threadsFlag };

const madeBefore = 'file:';

/** `eda:4`, or `file:german.csv`. */
async function augmentation(text: string): Promise<Augment | MadeCopies> {
  if (text.startsWith(madeBefore))
    return { from: await openDataset(text.slice(madeBefore.length), { group: 'parent', labelled: false }) };
  const [, name, copies] = /^([^:]+):(\d+)$/.exec(text) ?? [];
  if (name === undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected NAME:COPIES, such as eda:4, or file:PATH for --augment but received ${JSON.stringify(text)}`,
    );
  return { name, copies: Number(copies) };
}

export const embedCommand: Command = {
  name: 'embed',
  summary: 'Embed a dataset into a store; the same command resumes after a stop.',
  positionals: [
    { name: 'DATA', help: 'dataset: folder of class folders, .csv, .jsonl, .parquet, .tar, list of paths or - …' },
  ],
  flags: {
    out: { type: 'string', value: 'STORE', help: 'the store folder' },
    ...settingFlags,
    augment: {
      type: 'string',
      value: 'NAME:COPIES|file:PATH',
      help: `altered copies of each item, in training rows only: ${Object.values(augmenters)
        .map(({ name, modality }) => `${name} (${modality})`)
        .join(
          ', ',
        )}; or a table with the columns parent (the id of an item) and text (or image), such as translations there and back`,
    },
    ...backboneFlags,
    ...datasetFlags,
  },
  example: 'equipoise embed flowers/train --backbone tiny-image --out flowers.store',
  async run([data = ''], flags, context) {
    const out = required(flags, 'out', 'a store folder');
    const dataset = await openDataset(data, datasetOptions(flags));
    dataset.notes.forEach((note) => context.say(note));
    const backbone = await backboneFor(dataset, pick(flags, backboneFlags));
    const { augment } = flags as { augment?: string };
    const store = await embed(dataset, backbone, {
      ...pick(flags, settingFlags),
      out,
      ...(augment !== undefined && { augment: await augmentation(augment) }),
      signal: context.signal,
      onProgress: context.onProgress,
    });
    const failures = await store.failures();
    const items = dataset.count - failures.filter(({ parent }) => parent === undefined).length;
    context.print(
      `${items} of ${dataset.count} items${augment === undefined ? '' : ` and ${store.count - items} copies`} embedded as ${store.dim} numbers each in ${out}; ${failures.length} failed${failures.length > 0 ? ' (failures.jsonl)' : ''}`,
    );
    return {
      store: out,
      items: dataset.count,
      rows: store.count,
      dim: store.dim,
      classNames: store.classNames,
      failures,
    };
  },
};
