export {
  createStore,
  isStore,
  joinStore,
  removeStore,
  shardRanges,
  writeShard,
  type CreateStoreOptions,
  type ShardContent,
  type ShardRange,
  type StoreWriter,
} from './writer.js';
export {
  openStore,
  type EmbeddingStore,
  type NewSplit,
  type OnDiskOptions,
  type ReadOptions,
  type RowChange,
  type Window,
} from './store.js';
export {
  writeSet,
  writeStore,
  type ResampledRows,
  type RowWindows,
  type StoreContent,
  type WriteSetOptions,
  type WriteStoreOptions,
} from './write-set.js';
export type { BatchBounds, Dtype, Failure, Manifest, ShardEntry } from './manifest.js';
export type { Provenance } from './provenance.js';
export { labelColumn, type Row } from './rows.js';
export type { Split } from './split-file.js';
export { ArrowTable, encodeArrow, encodeArrowBatches, type ColumnData } from './arrow-table.js';
export { fromFloat16, toFloat16 } from './float16.js';
export { readBytes, writeAtomically } from './files.js';
export { publishShard, withPublished } from './published.js';
export { EmbeddedRows } from './embedded-rows.js';
export { readManifest } from './manifest.js';
