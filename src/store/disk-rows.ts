/** The embeddings of a store, read row by row from where they lie in its shards. */

import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskRows } from '../core/disk-rows.js';
import { EquipoiseError } from '../core/errors.js';
import { fromFloat16 } from './float16.js';
import type { Dtype } from './manifest.js';

/** Where the numbers of a shard begin in its file, and which rows of the store it has. */
export interface ShardPlace {
  readonly file: string;
  readonly offset: number;
  readonly start: number;
  readonly end: number;
}

/** Reading what lies between two wanted rows costs less than another read, up to here. */
const smallGap = 1 << 16;

/** Bytes of one read. */
const mostAtOnce = 1 << 22;

export interface DiskRowsSource {
  readonly dir: string;
  readonly dtype: Dtype;
  readonly dim: number;
  /** In the order of the store. */
  readonly shards: readonly ShardPlace[];
  /** The rows of the store that there are, ascending. */
  readonly wanted: Int32Array;
  readonly memoryBytes: number;
}

/** The places of `ids` by rising row. */
function rising(ids: Int32Array): Int32Array {
  const order = new Int32Array(ids.length).map((_, i) => i);
  for (let i = 1; i < ids.length; i++)
    if ((ids[i] as number) < (ids[i - 1] as number))
      return order.sort((a, b) => (ids[a] as number) - (ids[b] as number));
  return order;
}

/** @throws ERR_INTEGRITY from `gather` for a shard that is gone or was cut short since the store was opened. */
export function diskRows({ dir, dtype, dim, shards, wanted, memoryBytes }: DiskRowsSource): DiskRows {
  const rowBytes = dim * (dtype === 'float16' ? 2 : 4);
  const mostRows = Math.max(1, Math.floor(mostAtOnce / rowBytes));
  const farRows = Math.ceil(smallGap / rowBytes);

  /** Reads the rows at `order[from] …` that lie in one shard; returns where the next shard's begin. */
  async function gatherFrom(
    shard: ShardPlace,
    ids: Int32Array,
    order: Int32Array,
    from: number,
    scratch: Uint8Array,
    out: Float32Array,
  ): Promise<number> {
    const rowOf = (at: number): number => wanted[ids[order[at] as number] as number] as number;
    const handle = await open(join(dir, shard.file), 'r').catch((error: unknown) => {
      throw new EquipoiseError('ERR_INTEGRITY', `Cannot open ${shard.file} of ${dir}: ${(error as Error).message}`, {
        cause: error,
      });
    });
    try {
      let at = from;
      while (at < order.length && rowOf(at) < shard.end) {
        // One read for rows that lie near each other, gaps included.
        const first = rowOf(at);
        let end = first + 1;
        let next = at + 1;
        for (; next < order.length; next++) {
          const row = rowOf(next);
          if (row >= shard.end || row - end > farRows || row - first >= mostRows) break;
          end = row + 1;
        }
        const bytes = (end - first) * rowBytes;
        const { bytesRead } = await handle.read(scratch, 0, bytes, shard.offset + (first - shard.start) * rowBytes);
        if (bytesRead !== bytes)
          throw new EquipoiseError(
            'ERR_INTEGRITY',
            `${shard.file} in ${dir} was cut short while it was read. Restore it, or make the store again`,
          );
        for (; at < next; at++) {
          const begin = (rowOf(at) - first) * dim;
          const to = (order[at] as number) * dim;
          if (dtype === 'float32') out.set(new Float32Array(scratch.buffer, 4 * begin, dim), to);
          else fromFloat16(new Uint16Array(scratch.buffer, 2 * begin, dim), out, to);
        }
      }
      return at;
    } finally {
      await handle.close();
    }
  }

  return {
    count: wanted.length,
    cols: dim,
    memoryBytes,
    async gather(ids, out) {
      const order = rising(ids);
      const scratch = new Uint8Array(Math.min(mostRows, ids.length * (farRows + 1)) * rowBytes);
      let at = 0;
      for (const shard of shards) {
        if (at === order.length) break;
        if ((wanted[ids[order[at] as number] as number] as number) >= shard.end) continue;
        at = await gatherFrom(shard, ids, order, at, scratch, out);
      }
    },
  };
}
