import {
  augmenters,
  backboneFor,
  embed,
  embedOptions,
  embedShare,
  embedWithQueue,
  EquipoiseError,
  expected,
  openDataset,
  shareOptions,
  type Augment,
  type EmbeddingStore,
  type MadeCopies,
} from '../../index.js';
import { flagsFrom, kebab, pick, type Command, type Context } from '../command.js';
import {
  backboneFlags,
  datasetFlags,
  datasetOptions,
  queueFlags,
  queueOptions,
  required,
  threadsFlag,
} from './shared.js';

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
    shard: { type: 'string', value: 'i/N', help: shareOptions.shard.help },
    ...queueFlags,
    ...backboneFlags,
    ...datasetFlags,
  },
  example: 'equipoise embed flowers/train --backbone tiny-image --out flowers.store',
  async run([data = ''], flags, context) {
    const out = required(flags, 'out', 'a store folder');
    const { augment, shard, queue } = flags as { augment?: string; shard?: string; queue?: string };
    const settings = {
      ...pick(flags, settingFlags),
      out,
      ...(augment !== undefined && { augment: await augmentation(augment) }),
      signal: context.signal,
      onProgress: context.onProgress,
    };
    if (shard !== undefined && queue !== undefined) throw expected('--shard or --queue', 'embed', 'both');
    if ((shard ?? queue) !== undefined)
      for (const name of ['overwrite', 'update', 'retryFailed'])
        if (flags[name] === true)
          throw expected(
            `no --${kebab(name)} together with --${shard === undefined ? 'queue' : 'shard'}`,
            'embed',
            `--${kebab(name)}`,
          );
    if (queue !== undefined) {
      const { threads, augment: copies, ...rest } = settings as typeof settings & { threads?: number };
      if (copies && 'from' in copies)
        throw expected('an augmenter together with --queue', 'embed.augment', augment, 'Workers cannot see the file');
      if (threads !== undefined)
        throw expected('no --threads together with --queue', 'embed', threads, 'Workers have it');
      const store = await embedWithQueue({
        ...rest,
        ...(copies && { augment: copies }),
        ...(await queueOptions(flags)),
        data,
        dataset: datasetOptions(flags),
        backbone: pick(flags, backboneFlags),
        onNote: context.say,
      });
      return report(store, out, augment !== undefined, context);
    }
    const dataset = await openDataset(data, datasetOptions(flags));
    dataset.notes.forEach((note) => context.say(note));
    const backbone = await backboneFor(dataset, pick(flags, backboneFlags));
    if (shard === undefined)
      return report(await embed(dataset, backbone, settings), out, augment !== undefined, context);
    const share = await embedShare(dataset, backbone, { ...settings, shard });
    if (share.store) return report(share.store, out, augment !== undefined, context);
    context.print(
      `share ${shard} of ${share.shards} shards is done in ${out}; ${share.missing} shards are missing from others`,
    );
    return { store: out, share: shard, shards: share.shards, missing: share.missing };
  },
};

async function report(store: EmbeddingStore, out: string, augmented: boolean, context: Context) {
  const failures = await store.failures();
  const { count } = store.manifest.dataset;
  const items = count - failures.filter(({ parent }) => parent === undefined).length;
  context.print(
    `${items} of ${count} items${!augmented ? '' : ` and ${store.count - items} copies`} embedded as ${store.dim} numbers each in ${out}; ${failures.length} failed${failures.length > 0 ? ' (failures.jsonl)' : ''}`,
  );
  return {
    store: out,
    items: count,
    rows: store.count,
    dim: store.dim,
    classNames: store.classNames,
    failures,
  };
}
