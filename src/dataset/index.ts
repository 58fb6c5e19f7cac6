/** Labelled items in a stable order, and their division into parts. */

import { cifar } from './cifar.js';
import { csv } from './csv.js';
import type { OpenedDataset } from './format.js';
import { idx } from './idx.js';
import { imageFolder } from './image-folder.js';
import { jsonl } from './jsonl.js';
import { keel } from './keel.js';
import { parquet } from './parquet.js';
import { pathList } from './path-list.js';
import { webdataset } from './webdataset.js';
import { openAmong, type Formats, type OpenDatasetOptions } from './open.js';

export { concatDatasets, type ConcatenatedDatasets, type DatasetPart } from './concat.js';
export { defineDatasetFormat, datasetOf, type DatasetFormat, type ItemSource, type OpenedDataset } from './format.js';
export { foldParts, foldsOf, type FoldOptions } from './folds.js';
export { imbalancedCounts, makeImbalance, type MakeImbalanceOptions } from './make-imbalance.js';
export type { OpenDatasetOptions } from './open.js';
export {
  parentRows,
  split,
  splitIndices,
  type SplitIndicesOptions,
  type SplitOptions,
  type SplitRows,
  type SplitSets,
} from './split.js';

/** In the order in which they are tried; an image folder is the most general and comes last. */
export const datasetFormats = {
  'path-list': pathList,
  idx,
  cifar,
  csv,
  jsonl,
  parquet,
  keel,
  webdataset,
  'image-folder': imageFolder,
} as const;

/**
 * Opens the dataset at a path.
 *
 * Items come in a stable order with stable ids, on every machine and however often they are iterated. What was
 * detected and assumed is in `notes`. The fingerprint covers ids, labels and groups, and the pixels of IDX files, the
 * texts and numbers of tables, but of image files only their paths and sizes.
 *
 * @throws ERR_DATA when nothing is there, no format recognises it, or the data is broken (naming file, line and column);
 *   ERR_OPTION for options that the format does not have.
 *
 * @example
 * const dataset = await openDataset('flowers/train');
 * for await (const { id, label } of dataset) console.log(id, label);
 */
export function openDataset(path: string, options: OpenDatasetOptions = {}): Promise<OpenedDataset> {
  return openAmong(datasetFormats as unknown as Formats, path, options);
}
