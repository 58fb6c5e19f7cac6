/** An epoch in parts whose rows are in memory: of rows on disk as many batches at a time as there is room for. */

import { endsReader, iota, type DiskRows } from '../core/disk-rows.js';
import { otherOf, recipesOf, type TrainingRows } from './rows.js';

/** Rows of `table` in the order in which they are visited. */
export interface Visits {
  readonly table: TrainingRows;
  readonly order: Int32Array;
}

/** Visits whose rows are in memory. */
export interface Stretch extends Visits {
  /** How many visits came before. */
  readonly start: number;
}

/** Cuts visits into stretches of whole batches. The rows of a stretch are gone when the next one is asked for. */
export type Stretches = (visits: Visits, batchSize: number) => Iterable<Stretch> | AsyncIterable<Stretch>;

type Reader = ReturnType<typeof endsReader>;

/** For one training, whose stretches use the same memory. */
export function createStretches(): Stretches {
  let known: { readonly of: DiskRows; readonly reader: Reader } | undefined;
  return (visits, batchSize) => {
    const { onDisk } = visits.table;
    if (!onDisk) return [{ ...visits, start: 0 }];
    if (known?.of !== onDisk) known = { of: onDisk, reader: endsReader(onDisk) };
    return readStretches(visits, batchSize, onDisk.count, known.reader);
  };
}

async function* readStretches(
  { table, order }: Visits,
  batchSize: number,
  count: number,
  reader: Reader,
): AsyncGenerator<Stretch, void, undefined> {
  const { base, label, otherLabel, labelWeight, weight, targets, cols } = table;
  /** The last stretch that each row of the source was seen in. */
  const seen = new Int32Array(count);
  for (let start = 0, stretch = 1; start < order.length; stretch++) {
    let end = start;
    let different = 0;
    while (end < order.length) {
      const next = Math.min(order.length, end + batchSize);
      for (let i = end; i < next; i++)
        for (const row of [base[order[i] as number] as number, otherOf(table, order[i] as number)]) {
          if (seen[row] !== stretch) different++;
          seen[row] = stretch;
        }
      if (different > reader.most && end > start) break;
      end = next;
    }
    const visits = order.subarray(start, end);
    const numbers = (values: Float32Array) => Float32Array.from(visits, (row) => values[row] as number);
    const ids = (values: Int32Array) => visits.map((row) => values[row] as number);
    const { step, ...ends } = recipesOf(table, visits);
    const { rows, ...read } = await reader.gather(ends);
    const part: TrainingRows = {
      ...read,
      cols,
      count: visits.length,
      plain: 0,
      step,
      label: ids(label),
      ...(otherLabel && { otherLabel: ids(otherLabel) }),
      ...(labelWeight && { labelWeight: numbers(labelWeight) }),
      ...(weight && { weight: numbers(weight) }),
      ...(targets && { targets: targetsOf(targets, rows, targets.length / count) }),
    };
    yield { table: part, order: iota(visits.length), start };
    start = end;
  }
}

/** The targets of some rows. */
function targetsOf(targets: Uint8Array, rows: Int32Array, classes: number): Uint8Array {
  const own = new Uint8Array(rows.length * classes);
  rows.forEach((row, i) => own.set(targets.subarray(row * classes, (row + 1) * classes), i * classes));
  return own;
}
