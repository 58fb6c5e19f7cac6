import {
  createSampler,
  EquipoiseError,
  formatTable,
  openStore,
  pipeline,
  planRows,
  samplers,
  targetCounts,
  trainingRows,
  writeSet,
  type Sampler,
  type TargetCount,
} from '../../index.js';
import { kebab, pick, type Command } from '../command.js';
import { memoryBytesOf, memoryFlag, required, samplerFlags, sayOnDisk, threadsFlag } from './shared.js';

/** What the rows themselves decide is not known before they are looked at. */
const aim = ({ after, atMost, exact }: TargetCount) =>
  after === null
    ? atMost === undefined
      ? 'as the rows decide'
      : `at most ${atMost}`
    : `${exact ? '' : 'about '}${after}`;

/**
 * One sampler, or several with commas between them, one after the other; an option goes to all those that have it.
 * @throws ERR_OPTION for an option that none has.
 */
function samplerOf(names: readonly string[], options: Readonly<Record<string, unknown>>): Sampler {
  const [only] = names;
  if (names.length === 1) return createSampler(only as string, options);
  const declared = (name: string) =>
    Object.hasOwn(samplers, name) ? samplers[name as keyof typeof samplers].options : {};
  const useless = Object.keys(options).find((option) => !names.some((name) => option in declared(name)));
  if (useless !== undefined)
    throw new EquipoiseError('ERR_OPTION', `None of ${names.join(', ')} has an option --${kebab(useless)}`);
  return pipeline(names.map((name) => createSampler(name, pick(options, declared(name)))));
}

export const resampleCommand: Command = {
  name: 'resample',
  summary: 'Balance the training rows of a store into a new store, with the parents of each synthetic row.',
  positionals: [{ name: 'STORE', help: 'an embedded dataset' }],
  flags: {
    sampler: {
      type: 'string',
      value: Object.keys(samplers).join('|'),
      help: 'how rows are made or removed; several with commas between them work one after the other, each on what those before it left, and an option goes to all that have it',
      default: 'eos',
    },
    out: { type: 'string', value: 'STORE', help: 'the new store' },
    split: {
      type: 'string',
      value: 'NAME',
      help: 'split whose training part is resampled; without it all rows are taken as training rows',
    },
    dryRun: { type: 'boolean', help: 'print the counts before and those aimed at; compute and write nothing' },
    overwrite: { type: 'boolean', help: 'replace a finished store in the same folder' },
    ...memoryFlag,
    ...samplerFlags,
    ...threadsFlag,
  },
  chosen: { flag: 'sampler', of: samplers, flags: samplerFlags },
  example: 'equipoise resample flowers-run/store --split default --sampler eos --out balanced.store',
  async run([path = ''], flags, context) {
    const { sampler: name = 'eos', split } = flags as { sampler?: string; split?: string };
    const names = name.split(',');
    const sampler = samplerOf(names, pick(flags, samplerFlags));
    if (flags['dryRun'] === true && names.length > 1)
      throw new EquipoiseError(
        'ERR_OPTION',
        `Expected one sampler for --dry-run but received ${name}: what a later one aims at follows from the rows that those before it leave`,
      );
    const store = await openStore(path);
    const train = await trainingRows(store, { split, ...memoryBytesOf(flags) });
    sayOnDisk(train, context);
    if (flags['dryRun'] === true) {
      const perClass = targetCounts(samplers[name as keyof typeof samplers], sampler, train);
      context.print(
        formatTable({
          columns: [{ title: 'class' }, { title: 'before', align: 'right' }, { title: 'after', align: 'right' }],
          rows: perClass.map((target) => [target.name, String(target.before), aim(target)]),
        }),
      );
      return { sampler: name, perClass };
    }
    const threads = pick(flags, threadsFlag);
    const plan = await sampler.plan(train, { signal: context.signal, onProgress: context.onProgress, ...threads });
    const { perClass, keep } = plan;
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
    const out = required(flags, 'out', 'a folder for the new store (or --dry-run)');
    const embeddings = planRows(train, plan, threads);
    const { manifest } = store;
    await writeSet(
      out,
      { plan, embeddings },
      {
        from: train,
        modality: manifest.modality,
        backbone: manifest.backbone,
        overwrite: flags['overwrite'] === true,
      },
    );
    const synthetic = embeddings.rows - (keep === 'all' ? plan.originalRows : keep.length);
    context.print(`${embeddings.rows} rows (${synthetic} synthetic) in ${out}`);
    return { sampler: name, perClass, store: out, rows: embeddings.rows, synthetic };
  },
};
