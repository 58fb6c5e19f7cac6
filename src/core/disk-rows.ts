/** Rows that stay on disk: read some at a time, whatever their number. */

import { matrix, type Dense, type Matrix } from './matrix.js';

/** Where the rows of a set come from that is not in memory: `gather` reads those that are asked for. */
export interface DiskRows {
  readonly count: number;
  readonly cols: number;
  /** What whoever reads may hold of them at a time, in bytes: windows, blocks and batches are cut to it. */
  readonly memoryBytes: number;
  /** Copies the rows `ids` (from 0 to `count` − 1, repeats allowed), in that order, to the beginning of `out`. */
  gather(ids: Int32Array, out: Float32Array): Promise<void>;
}

/** Rows start … start + x.rows − 1. */
export interface RowWindow {
  readonly start: number;
  /** In memory that the next window uses again. */
  readonly x: Dense;
}

/** Rows that are read one after the other gain nothing from larger windows. */
const windowBytes = 1 << 24;

/** Windows begin at multiples of this, so that what is computed in blocks of rows has the same blocks as in memory. */
const windowStep = 1024;

export function iota(length: number, from = 0): Int32Array {
  const ids = new Int32Array(length);
  for (let i = 0; i < length; i++) ids[i] = from + i;
  return ids;
}

/** How many rows fit in so many bytes. */
export function rowsIn(bytes: number, cols: number): number {
  return Math.max(1, Math.floor(bytes / (4 * Math.max(1, cols))));
}

/** All rows in order, as many at a time as 16 MiB hold, or `memoryBytes` where that is less (1,024 at least). */
export async function* windowsOf(rows: DiskRows): AsyncGenerator<RowWindow, void, undefined> {
  const { count, cols, memoryBytes } = rows;
  const fitting = rowsIn(Math.min(memoryBytes, windowBytes), cols);
  const most = Math.min(count, Math.max(1, Math.floor(fitting / windowStep)) * windowStep);
  const memory = new Float32Array(most * cols);
  for (let start = 0; start < count; start += most) {
    const length = Math.min(most, count - start);
    const data = memory.subarray(0, length * cols);
    await rows.gather(iota(length, start), data);
    yield { start, x: { data, rows: length, cols } };
  }
}

/** The rows `ids`, in that order, in memory. */
export async function takeDiskRows(rows: DiskRows, ids: Int32Array): Promise<Matrix> {
  const data = new Float32Array(ids.length * rows.cols);
  await rows.gather(ids, data);
  return matrix(data, ids.length, rows.cols);
}

/** Rows in memory, read as if they were on disk. */
export function memoryRows({ data, rows, cols }: Dense, memoryBytes: number): DiskRows {
  return {
    count: rows,
    cols,
    memoryBytes,
    gather(ids, out) {
      ids.forEach((id, i) => out.set(data.subarray(id * cols, (id + 1) * cols), i * cols));
      return Promise.resolve();
    },
  };
}

/** Some of the rows, in the order of `ids`. */
export function selectDiskRows(rows: DiskRows, ids: Int32Array): DiskRows {
  return {
    ...rows,
    count: ids.length,
    gather: (places, out) =>
      rows.gather(
        places.map((place) => ids[place] as number),
        out,
      ),
  };
}

/** The same rows, each changed after it is read; `change` works in place. */
export function mapDiskRows(rows: DiskRows, change: (x: Dense) => void): DiskRows {
  const { cols } = rows;
  return {
    ...rows,
    async gather(ids, out) {
      await rows.gather(ids, out);
      change({ data: out.subarray(0, ids.length * cols), rows: ids.length, cols });
    },
  };
}

/** Several one after the other, as one. */
export function concatDiskRows(parts: readonly [DiskRows, ...DiskRows[]]): DiskRows {
  const [{ cols }] = parts;
  const starts = [0];
  for (const { count } of parts) starts.push((starts.at(-1) as number) + count);
  return {
    count: starts.at(-1) as number,
    cols,
    memoryBytes: Math.min(...parts.map(({ memoryBytes }) => memoryBytes)),
    async gather(ids, out) {
      for (const [p, part] of parts.entries()) {
        const [start, end] = [starts[p] as number, starts[p + 1] as number];
        const own = iota(ids.length).filter((i) => (ids[i] as number) >= start && (ids[i] as number) < end);
        if (own.length === 0) continue;
        const wanted = own.map((i) => (ids[i] as number) - start);
        if (own.length === ids.length) return part.gather(wanted, out);
        const read = new Float32Array(own.length * cols);
        await part.gather(wanted, read);
        own.forEach((to, i) => out.set(read.subarray(i * cols, (i + 1) * cols), to * cols));
      }
    },
  };
}

/** The two ends of some recipes: ids of rows. */
export interface Ends {
  readonly base: Int32Array;
  readonly other: Int32Array;
}

/** Reads the rows that recipes are made of, each once, into memory that the next call uses again. */
export function endsReader(source: DiskRows): {
  /** How many different rows fit into `memoryBytes`; more are read where more are asked for. */
  readonly most: number;
  /** `rows` are the ids of the rows of `x`; `base` and `other` index `x`. */
  gather(ends: Ends): Promise<Ends & { readonly x: Float32Array; readonly rows: Int32Array }>;
} {
  const { cols, count, memoryBytes } = source;
  const most = Math.min(count, rowsIn(memoryBytes, cols));
  /** Of each row of the source the place in `x`, −1 where it has none. */
  const places = new Int32Array(count).fill(-1);
  let memory: Float32Array | undefined;
  return {
    most,
    async gather({ base, other }) {
      const found: number[] = [];
      const place = (id: number): number => {
        if (places[id] === -1) places[id] = found.push(id) - 1;
        return places[id] as number;
      };
      const placed = { base: base.map(place), other: other.map(place) };
      const rows = Int32Array.from(found);
      for (const id of rows) places[id] = -1;
      // What is never written to takes no memory.
      if (!memory || memory.length < rows.length * cols) memory = new Float32Array(Math.max(most, rows.length) * cols);
      const x = memory.subarray(0, rows.length * cols);
      await source.gather(rows, x);
      return { x, rows, ...placed };
    },
  };
}
