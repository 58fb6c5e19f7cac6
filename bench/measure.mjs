// What every measured program of ours shares: its arguments, its data, its clock, its one line of JSON.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readArray } from './data.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    d: { type: 'string' },
    threads: { type: 'string', default: '1' },
    k: { type: 'string', default: '10' },
    method: { type: 'string', default: '' },
    first: { type: 'string', default: 'Infinity' },
    shape: { type: 'string', default: '' },
    model: { type: 'string', default: '' },
    work: { type: 'string', default: '' },
    budget: { type: 'string', default: '2' },
  },
});
export const { method, shape, model, work, data } = values;
export const [d, threads, k, first] = ['d', 'threads', 'k', 'first'].map((name) => Number(values[name]));

export const array = (name) => readArray(join(values.data, `${name}.npy`));

/** At most `count` of them, evenly spread. */
export function spread(ids, count) {
  if (ids.length <= count) return ids;
  return Int32Array.from({ length: count }, (_, i) => ids[Math.floor((i * ids.length) / count)]);
}

/** Multiplications and additions that finding enemies by one product takes: 2 d a pair. */
export function enemyFlops(labels, queries, cols) {
  const counts = new Map();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return queries.reduce((sum, query) => sum + 2 * cols * (labels.length - counts.get(labels[query])), 0);
}

/** In MiB: all the process ever held, the interpreter and the data included. */
function peakMemory() {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}

/** Runs the work once. Apart from the loop, so that nothing of one run is held while the next one works. */
async function once(work, look) {
  const start = performance.now();
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  look(result);
  return seconds;
}

/**
 * Repeats the work until the time budget is spent, and at least `atLeast` times, and prints the best time.
 * @param amount of work in one repetition: floating-point operations, bytes or rows.
 * @param sample what to print of the result, for comparing programs.
 * @param reached how good the result is, as a number.
 */
export async function measure(work, amount, sample = () => undefined, reached = () => undefined, atLeast = 1) {
  const seconds = [];
  let seen;
  let good;
  const begin = performance.now();
  do {
    // Twice: memory that the first one finds free is given back by the second.
    globalThis.gc?.();
    globalThis.gc?.();
    seconds.push(await once(work, (result) => ([seen, good] = [seen ?? sample(result), good ?? reached(result)])));
  } while (seconds.length < atLeast || performance.now() - begin < Number(values.budget) * 1000);
  tell(Math.min(...seconds), amount, { runs: seconds.length, sample: seen, reached: good });
}

/** The line that the runner reads. */
export function tell(best, amount, more = {}) {
  console.log(JSON.stringify({ best, amount, peak: peakMemory(), ...more }));
}
