import {
  createSampler,
  EquipoiseError,
  formatTable,
  openStore,
  planRows,
  samplers,
  unknownName,
  writeSet,
  type TrainingSet,
} from '../../index.js';
import { asTraining } from '../../index.js';
import type { Command } from '../command.js';
import { declaredOptions, required, samplerFlags, threadsFlag } from './shared.js';

export const resampleCommand: Command = {
  name: 'resample',
  summary: 'Balance the training rows of a store into a new store, with the parents of each synthetic row.',
  positionals: [{ name: 'STORE', help: 'an embedded dataset' }],
  flags: {
    sampler: { type: 'string', value: Object.keys(samplers).join('|'), help: 'how rows are made', default: 'eos' },
    out: { type: 'string', value: 'STORE', help: 'the new store' },
    split: {
      type: 'string',
      value: 'NAME',
      help: 'split whose training part is resampled; without it all rows are taken as training rows',
    },
    dryRun: { type: 'boolean', help: 'print the counts before and after, write nothing' },
    overwrite: { type: 'boolean', help: 'replace a finished store in the same folder' },
    ...samplerFlags,
    ...threadsFlag,
  },
  example: 'equipoise resample flowers-run/store --split default --sampler eos --out balanced.store',
  async run([path = ''], flags, context) {
    const name = typeof flags['sampler'] === 'string' ? flags['sampler'] : 'eos';
    if (!Object.hasOwn(samplers, name)) throw unknownName('sampler', name, Object.keys(samplers));
    const sampler = createSampler(name, declaredOptions(flags, samplerFlags));
    const store = await openStore(path);
    const split = flags['split'];
    if (split === undefined && store.splits().length > 0)
      throw new EquipoiseError(
        'ERR_OPTION',
        `${path} has the splits ${store.splits().join(', ')}. Name one with --split, so that only its training rows are resampled`,
      );
    const train: TrainingSet =
      typeof split === 'string' ? await store.read({ split, part: 'train' }) : asTraining(await store.read());
    const { threads } = flags as { threads?: number };
    const plan = { signal: context.signal, onProgress: context.onProgress, ...(threads !== undefined && { threads }) };
    const made = await sampler.plan(train, plan);
    const { perClass } = made;
    context.print(
      formatTable({
        columns: [
          { title: 'class' },
          { title: 'before', align: 'right' },
          { title: 'after', align: 'right' },
          { title: 'bases', align: 'right' },
          { title: 'note' },
        ],
        rows: perClass.map(({ name: className, before, after, eligibleBases, fallback }) => [
          className,
          String(before),
          String(after),
          eligibleBases === undefined ? '' : String(eligibleBases),
          fallback ?? '',
        ]),
      }),
    );
    if (flags['dryRun'] === true) return { sampler: name, perClass };
    const out = required(flags, 'out', 'a folder for the new store (or --dry-run)');
    const embeddings = planRows(train, made, threads === undefined ? {} : { threads });
    const { manifest } = store;
    await writeSet(
      out,
      { plan: made, embeddings },
      {
        from: train,
        modality: manifest.modality,
        backbone: manifest.backbone,
        overwrite: flags['overwrite'] === true,
      },
    );
    const synthetic = embeddings.rows - (made.keep === 'all' ? made.originalRows : made.keep.length);
    context.print(`${embeddings.rows} rows (${synthetic} synthetic) in ${out}`);
    return { sampler: name, perClass, store: out, rows: embeddings.rows, synthetic };
  },
};
