/** Files, read into memory that is used again: a fresh buffer a file costs more than reading it. */

import { closeSync, fstatSync, open, openSync, read, readSync } from 'node:fs';
import { decodersAtOnce } from './in-flight.js';

/** Larger buffers are not kept. */
const MOST_KEPT = 2 ** 22;
const LEAST = 2 ** 18;

const free: Buffer[] = [];

interface Reader {
  open(path: string): number | Promise<number>;
  /** @returns the bytes read; 0 at the end */
  read(file: number, into: Buffer, at: number): number | Promise<number>;
}

/** By other threads. Callbacks: the promises of node:fs cost several times as much. */
const aside: Reader = {
  open: (path) =>
    new Promise((resolve, reject) => open(path, 'r', (error, file) => (error ? reject(error) : resolve(file)))),
  read: (file, into, at) =>
    new Promise((resolve, reject) =>
      read(file, into, at, into.length - at, null, (error, count) => (error ? reject(error) : resolve(count))),
    ),
};

/** What takes longer did not come from memory. */
const LONG_MS = 1;
/** Files that are read aside after that, while this thread works. */
const FILES_ASIDE = 64;
let filesAside = 0;

function timed(work: () => number): number {
  const start = performance.now();
  try {
    return work();
  } finally {
    if (performance.now() - start > LONG_MS) filesAside = FILES_ASIDE;
  }
}

/** By this thread: what lies in memory comes sooner than another thread could be asked. */
const atOnce: Reader = {
  open: (path) => timed(() => openSync(path, 'r')),
  read: (file, into, at) => timed(() => readSync(file, into, at, into.length - at, null)),
};

function readerOf(blocking: boolean): Reader {
  if (!blocking) return aside;
  if (filesAside === 0) return atOnce;
  filesAside--;
  return aside;
}

/** Takes a buffer for at least `bytes`, the one that was used last where that is large enough. */
function take(bytes: number): Buffer {
  const last = free.pop();
  return last !== undefined && last.length >= bytes ? last : Buffer.allocUnsafeSlow(Math.max(LEAST, bytes));
}

function give(buffer: Buffer): void {
  if (buffer.length <= MOST_KEPT && free.length < decodersAtOnce()) free.push(buffer);
}

/** All of a file, in a buffer that may be longer. */
async function readAll(path: string, { open, read }: Reader): Promise<{ buffer: Buffer; length: number }> {
  const file = await open(path);
  try {
    const status = fstatSync(file);
    const size = status.isFile() ? status.size : 0;
    // A byte more than there should be, so that a file that has grown is noticed.
    let buffer = take(size + 1);
    for (let length = 0; ;) {
      const count = await read(file, buffer, length);
      length += count;
      if (count === 0 || (size > 0 && length === size)) return { buffer, length };
      if (length < buffer.length) continue;
      const larger = Buffer.allocUnsafeSlow(2 * length);
      buffer.copy(larger);
      buffer = larger;
    }
  } finally {
    // At once: what was only read has nothing left to be written, and a callback more costs more.
    closeSync(file);
  }
}

/**
 * Gives the content of a file to `use`; it is lost when that is done.
 * @param options.refuse makes the error for a file that cannot be read
 * @param options.blocking the calling thread may read it, as long as that is quick
 */
export async function withFile<T>(
  path: string,
  use: (bytes: Buffer) => Promise<T>,
  { refuse, blocking }: { readonly refuse: (error: Error) => Error; readonly blocking: boolean },
): Promise<T> {
  const { buffer, length } = await readAll(path, readerOf(blocking)).catch((error: Error) => {
    throw refuse(error);
  });
  try {
    return await use(buffer.subarray(0, length));
  } finally {
    give(buffer);
  }
}
