/** Long loops in JavaScript that leave timers, progress bars and signals of the caller's program alive. */

import { throwIfAborted } from './errors.js';

/** Long enough to be no burden, short enough to feel alive. */
const everyMs = 15;

/**
 * To call on the way through long work: most calls return undefined at once; every 15 ms one is to be awaited.
 *
 * @param what is said when the signal is aborted: "clustering".
 * @example
 * const pause = pauses('clustering', signal);
 * for (const row of rows) { work(row); const due = pause(); if (due) await due; }
 */
export function pauses(what: string, signal?: AbortSignal): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < everyMs) return undefined;
    return new Promise<void>((resolve) =>
      typeof setImmediate === 'function' ? setImmediate(resolve) : setTimeout(resolve, 0),
    ).then(() => {
      throwIfAborted(signal, what);
      last = performance.now();
    });
  };
}
