/** Files, read into memory that is used again: a fresh buffer a file costs more than reading it. */

import { closeSync, fstatSync, open, openSync, read, readSync } from 'node:fs';
import { andFinally, type Awaitable } from '../core/awaitable.js';
import { decodersAtOnce } from './in-flight.js';

/** Larger buffers are not kept. */
const MOST_KEPT = 2 ** 22;
const LEAST = 2 ** 18;

const free: Buffer[] = [];

/** Takes a buffer for at least `bytes`, the one that was used last where that is large enough. */
function take(bytes: number): Buffer {
  const last = free.pop();
  return last !== undefined && last.length >= bytes ? last : Buffer.allocUnsafeSlow(Math.max(LEAST, bytes));
}

function give(buffer: Buffer): void {
  if (buffer.length <= MOST_KEPT && free.length < decodersAtOnce()) free.push(buffer);
}

/** What was read of a file so far. */
class Content {
  readonly #size: number;
  buffer: Buffer;
  length = 0;

  constructor(file: number) {
    const status = fstatSync(file);
    this.#size = status.isFile() ? status.size : 0;
    // A byte more than there should be, so that a file that has grown is noticed.
    this.buffer = take(this.#size + 1);
  }

  /** Takes note of `count` bytes more. False where they were the last ones. */
  goesOn(count: number): boolean {
    this.length += count;
    if (count === 0 || (this.#size > 0 && this.length === this.#size)) return false;
    if (this.length === this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(2 * this.length);
      this.buffer.copy(larger);
      this.buffer = larger;
    }
    return true;
  }
}

/** By this thread: what lies in memory comes sooner than another thread could be asked. */
function readAtOnce(path: string): Content {
  const file = openSync(path, 'r');
  try {
    const content = new Content(file);
    let count: number;
    do {
      const { buffer, length } = content;
      count = readSync(file, buffer, length, buffer.length - length, null);
    } while (content.goesOn(count));
    return content;
  } finally {
    closeSync(file);
  }
}

/** By other threads. Callbacks: the promises of node:fs cost several times as much. */
async function readAside(path: string): Promise<Content> {
  const file = await new Promise<number>((resolve, reject) =>
    open(path, 'r', (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  try {
    const content = new Content(file);
    let count: number;
    do {
      const { buffer, length } = content;
      count = await new Promise<number>((resolve, reject) =>
        read(file, buffer, length, buffer.length - length, null, (error, bytes) =>
          error ? reject(error) : resolve(bytes),
        ),
      );
    } while (content.goesOn(count));
    return content;
  } finally {
    // At once: what was only read has nothing left to be written, and a callback more costs more.
    closeSync(file);
  }
}

/** What takes longer did not come from memory. */
const LONG_MS = 1;
/** Files that are read aside after that, while this thread works. */
const FILES_ASIDE = 64;
let filesAside = 0;

/**
 * Gives the content of a file to `use`; it is lost when that is done.
 * @param options.refuse makes the error for a file that cannot be read
 * @param options.blocking the calling thread may read it, as long as that is quick; then nothing is awaited
 */
export function withFile<T>(
  path: string,
  use: (bytes: Buffer) => Awaitable<T>,
  { refuse, blocking }: { readonly refuse: (error: Error) => Error; readonly blocking: boolean },
): Awaitable<T> {
  const useUp = ({ buffer, length }: Content) =>
    andFinally(
      () => use(buffer.subarray(0, length)),
      () => give(buffer),
    );
  if (blocking && filesAside === 0) {
    let content: Content;
    const start = performance.now();
    try {
      content = readAtOnce(path);
    } catch (error) {
      throw refuse(error as Error);
    } finally {
      if (performance.now() - start > LONG_MS) filesAside = FILES_ASIDE;
    }
    return useUp(content);
  }
  if (blocking) filesAside--;
  return readAside(path).then(useUp, (error: Error) => {
    throw refuse(error);
  });
}
