/** A small store with numbers that a reader can redo: row i, column j of item i is i + j / 8. */

import type { Dense } from '../../../src/core/matrix.js';
import type { CreateStoreOptions, Row, ShardContent, StoreWriter } from '../../../src/store/index.js';

export const DIM = 3;

export function sampleOptions(more: Partial<CreateStoreOptions> = {}): CreateStoreOptions {
  return {
    datasetFingerprint: 'fingerprint-1',
    count: 10,
    modality: 'image',
    backbone: { id: 'toy', recipeHash: 'recipe-1', sha256: 'weights-1', dim: DIM },
    classNames: ['cat', 'dog'],
    shardRows: 4,
    ...more,
  };
}

export function vectors(start: number, end: number, dim = DIM): Dense {
  const data = Float32Array.from(
    { length: (end - start) * dim },
    (_, k) => start + Math.floor(k / dim) + (k % dim) / 8,
  );
  return { data, rows: end - start, cols: dim };
}

export function itemId(i: number): string {
  return `item-${i}`;
}

export function shardContent(start: number, end: number, dim = DIM): ShardContent {
  return {
    ids: Array.from({ length: end - start }, (_, i) => itemId(start + i)),
    embeddings: vectors(start, end, dim),
    failures: [],
  };
}

/** Even items are cats, odd ones dogs. */
export function sampleRows(count = 10): Row[] {
  return Array.from({ length: count }, (_, i) => ({
    id: itemId(i),
    source: `/data/${i}.jpg`,
    label: i % 2 === 0 ? 'cat' : 'dog',
  }));
}

export async function writeShards(writer: StoreWriter): Promise<void> {
  for (const { index, start, end, done } of writer.shards())
    if (!done) await writer.writeShard(index, shardContent(start, end, writer.dim));
}
