/** What a run works on: its dataset, with the test part beside or inside it, and the backbone that fits. */

import { openBackbone, type Backbone, type BackboneOptions } from '../backbone/index.js';
import { EquipoiseError } from '../core/errors.js';
import type { Dataset } from '../core/item.js';
import { concatDatasets, openDataset, type OpenDatasetOptions } from '../dataset/index.js';
import { assertFits } from '../embed/index.js';
import { dataOptions, type RunConfig } from './config.js';

export interface OpenedParts {
  readonly dataset: Dataset;
  /** The part an item was given in; undefined when there is only one file and it has yet to be split. */
  readonly partOf: ((id: string) => string) | undefined;
  readonly notes: readonly string[];
}

/** @throws ERR_DATA for test data with classes that the training data lacks, or of another kind. */
export async function openParts(config: RunConfig): Promise<OpenedParts> {
  const options = Object.fromEntries(
    (Object.keys(dataOptions) as (keyof typeof dataOptions)[]).flatMap((name) =>
      config[name] === undefined ? [] : [[name, config[name]]],
    ),
  ) as OpenDatasetOptions;
  const data = config.data as string;
  const given = await openDataset(data, options);
  const companion = given.companions.includes('test');
  if (config.test === undefined && !companion) return { dataset: given, partOf: undefined, notes: given.notes };
  const test =
    config.test === undefined
      ? await openDataset(data, { ...options, part: 'test' })
      : await openDataset(config.test, options);
  const unknown = test.classNames.filter((name) => !given.classNames.includes(name));
  if (unknown.length > 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected the classes of the test data among those of the training data (${given.classNames.slice(0, 12).join(', ')}) but ${test.name} also has ${unknown.slice(0, 5).join(', ')}`,
    );
  const joined = concatDatasets([
    { part: 'train', dataset: given },
    { part: 'test', dataset: test },
  ]);
  const notes =
    config.test === undefined
      ? [...joined.dataset.notes, 'test: found beside the training data']
      : joined.dataset.notes;
  return { dataset: joined.dataset, partOf: joined.partOf, notes };
}

export type BackboneChoice = Partial<
  Pick<RunConfig, 'backbone' | 'backboneInput' | 'backboneOutput' | 'pool' | 'preprocess' | 'tokenizer'>
>;

/** The backbone that the settings name, the built-in one for images, none for tables. */
export async function backboneFor(
  dataset: Pick<Dataset, 'name' | 'modality'>,
  { backbone, backboneInput: input, backboneOutput: output, ...rest }: BackboneChoice,
): Promise<Backbone | null> {
  const options = Object.fromEntries(
    Object.entries({ input, output, ...rest }).filter(([, value]) => value !== undefined),
  ) as BackboneOptions;
  const { name, modality } = dataset;
  if (modality === 'table') {
    if (backbone !== undefined || Object.keys(options).length > 0)
      throw new EquipoiseError(
        'ERR_OPTION',
        `Expected no backbone and no setting of one for the table ${name}: its columns are the embedding. Leave --backbone out, or name a text or image column (--text, --image)`,
      );
    return null;
  }
  if (backbone === undefined && modality === 'text')
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a backbone for the text dataset ${name}: there is no built-in one for text. Pass --backbone FOLDER, a folder with a backbone.json, an .onnx graph and its tokenizer.json (docs/backbones.md shows one), or --backbone FILE.onnx --tokenizer tokenizer.json`,
    );
  const opened = await openBackbone(backbone ?? 'tiny-image', options);
  assertFits(dataset, opened);
  return opened;
}
