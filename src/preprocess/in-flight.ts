/** How many images are decoded at the same time, for one thread of JavaScript. */

import { availableParallelism } from 'node:os';

/** Threads of libuv's pool, where decoding is done: UV_THREADPOOL_SIZE, which Node reads when it starts. */
const POOL = Math.max(1, Number(process.env['UV_THREADPOOL_SIZE']) || 4);

/** One a processor, and no more than there are threads: more would take the processors from the network and hold memory. */
export function decodersAtOnce(): number {
  return Math.min(POOL, availableParallelism());
}

let free = decodersAtOnce();
const waiting: (() => void)[] = [];

/** Does the work when its turn has come. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free++;
  }
}
