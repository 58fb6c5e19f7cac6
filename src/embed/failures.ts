/** How many items may fail, overall and of each class, before the work does not count as done. */

import { EquipoiseError } from '../core/errors.js';
import { namesOf, type Label } from '../core/item.js';
import type { Failure } from '../store/index.js';

const percent = (part: number, whole: number) => `${part} of ${whole} (${((100 * part) / whole).toFixed(1)} %)`;
const allowed = (maxFailRate: number) => `Expected at most ${Number((100 * maxFailRate).toFixed(3))} %`;
const first = (failures: readonly Failure[], advice: string) =>
  `First: ${failures[0]?.source}: ${failures[0]?.reason}. ${advice}`;

/** @throws ERR_DATA when more than `maxFailRate` of `total` items failed, be the others tried or not. */
export function assertFewFailed(
  failures: readonly Failure[],
  total: number,
  maxFailRate: number,
  advice: string,
): void {
  if (failures.length > maxFailRate * total)
    throw new EquipoiseError(
      'ERR_DATA',
      `${allowed(maxFailRate)} of the items to fail but ${percent(failures.length, total)} did. ${first(failures, advice)}`,
    );
}

/** @throws ERR_DATA when the share of failed items is above `maxFailRate`, overall or in one class. */
export function assertFewFailures(
  failures: readonly Failure[],
  labels: ReadonlyMap<string, Label>,
  maxFailRate: number,
  advice: string,
): void {
  assertFewFailed(failures, labels.size, maxFailRate, advice);
  const totals = new Map<string, number>();
  const failed = new Map<string, number>();
  const count = (table: Map<string, number>, key: string) => table.set(key, (table.get(key) ?? 0) + 1);
  for (const label of labels.values()) for (const name of namesOf(label)) count(totals, name);
  for (const { id } of failures) for (const name of namesOf(labels.get(id) ?? null)) count(failed, name);
  for (const [label, lost] of failed) {
    const total = totals.get(label) ?? lost;
    if (lost > maxFailRate * total)
      throw new EquipoiseError(
        'ERR_DATA',
        `${allowed(maxFailRate)} of each class to fail but class ${JSON.stringify(label)} lost ${percent(lost, total)}. ${first(failures, advice)}`,
      );
  }
}
