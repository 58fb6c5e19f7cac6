/** Files, read into memory that is used again: a fresh buffer a file costs more than reading it. */

import { closeSync, fstatSync, open, read } from 'node:fs';
import { decodersAtOnce } from './in-flight.js';

/** Larger buffers are not kept. */
const MOST_KEPT = 2 ** 22;
const LEAST = 2 ** 18;

const free: Buffer[] = [];

// Callbacks: the promises of node:fs cost several times as much.
const openFile = (path: string) =>
  new Promise<number>((resolve, reject) => open(path, 'r', (error, file) => (error ? reject(error) : resolve(file))));
const readOnce = (file: number, into: Buffer, at: number) =>
  new Promise<number>((resolve, reject) =>
    read(file, into, at, into.length - at, null, (error, count) => (error ? reject(error) : resolve(count))),
  );

/** Takes a buffer for at least `bytes`, the one that was used last where that is large enough. */
function take(bytes: number): Buffer {
  const last = free.pop();
  return last !== undefined && last.length >= bytes ? last : Buffer.allocUnsafeSlow(Math.max(LEAST, bytes));
}

function give(buffer: Buffer): void {
  if (buffer.length <= MOST_KEPT && free.length < decodersAtOnce()) free.push(buffer);
}

/** All of a file, in a buffer that may be longer. */
async function readAll(path: string): Promise<{ buffer: Buffer; length: number }> {
  const file = await openFile(path);
  try {
    const status = fstatSync(file);
    const size = status.isFile() ? status.size : 0;
    // A byte more than there should be, so that a file that has grown is noticed.
    let buffer = take(size + 1);
    for (let length = 0; ;) {
      const count = await readOnce(file, buffer, length);
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
 * @param refuse makes the error for a file that cannot be read
 */
export async function withFile<T>(
  path: string,
  use: (bytes: Buffer) => Promise<T>,
  refuse: (error: Error) => Error,
): Promise<T> {
  const { buffer, length } = await readAll(path).catch((error: Error) => {
    throw refuse(error);
  });
  try {
    return await use(buffer.subarray(0, length));
  } finally {
    give(buffer);
  }
}
