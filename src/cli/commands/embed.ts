import { embed, embedOptions, EquipoiseError, openBackbone, openDataset } from '../../index.js';
import { flagsFrom, pick, type Command } from '../command.js';
import { backboneFlags, backboneOptions, datasetFlags, datasetOptions, required, threadsFlag } from './shared.js';

export const embedCommand: Command = {
  name: 'embed',
  summary: 'Embed a dataset into a store; the same command resumes after a stop.',
  positionals: [{ name: 'DATA', help: 'folder of class folders, IDX folder, CSV or KEEL file' }],
  flags: { ...flagsFrom(embedOptions), ...backboneFlags, ...datasetFlags, ...threadsFlag },
  example: 'equipoise embed flowers/train --backbone tiny-image --out flowers.store',
  async run([data = ''], flags, context) {
    const out = required(flags, 'out', 'a store folder');
    const dataset = await openDataset(data, datasetOptions(flags));
    dataset.notes.forEach((note) => context.say(note));
    const wanted = flags['backbone'] ?? (dataset.modality === 'image' ? 'tiny-image' : undefined);
    if (wanted === undefined && dataset.modality === 'text')
      throw new EquipoiseError(
        'ERR_OPTION',
        'Expected --backbone for text: there is no built-in one. Pass a folder with backbone.json, model.onnx and tokenizer.json',
      );
    const backbone = typeof wanted === 'string' ? await openBackbone(wanted, backboneOptions(flags)) : null;
    const { threads } = flags as { threads?: number };
    const store = await embed(dataset, backbone, {
      out,
      ...pick(
        flags,
        Object.keys(embedOptions).filter((name) => name !== 'out'),
      ),
      ...(threads !== undefined && { threads }),
      signal: context.signal,
      onProgress: context.onProgress,
    });
    const failures = await store.failures();
    context.print(
      `${store.count} of ${dataset.count} items embedded as ${store.dim} numbers each in ${out}; ${failures.length} failed${failures.length > 0 ? ' (failures.jsonl)' : ''}`,
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
