/** Edited nearest neighbours again and again, each time among the rows that are left. */

import { usedNeighbors } from './define-sampler.js';
import { keepAll, type Selection, type UnderTask } from './define-under-sampler.js';
import { agrees } from './edit.js';
import { concat } from './search.js';
import { survivingNeighbors } from './surviving-neighbors.js';

export interface Editing {
  readonly kind: 'all' | 'mode';
  /** Neighbours of each round. */
  readonly rounds: readonly number[];
  /** End after a round that removes nothing. */
  readonly untilStable: boolean;
  /** End after a round that leaves a class but the smallest with fewer rows than the smallest had. */
  readonly sparesOrder: boolean;
}

/**
 * A round that leaves a class without rows is the last one in any case. Which classes may lose rows is settled before the first:
 * imbalanced-learn asks again in each, and so may turn on the class that it was to spare.
 */
export async function editRepeatedly(
  task: UnderTask<unknown>,
  { kind, rounds, untilStable, sparesOrder }: Editing,
): Promise<Selection> {
  const { set, targets, members, minority } = task;
  const { labels } = set;
  const keep = keepAll(task);
  const left = Int32Array.from(set.classCounts);
  const smallest = left[minority] as number;
  const present = [...left.keys()].filter((c) => (left[c] as number) > 0);
  const widest = Math.max(...rounds);
  const neighbors = survivingNeighbors(task, widest);
  let used = widest;
  for (const [round, asked] of rounds.entries()) {
    const rows = concat(targets.map((c) => (members[c] as Int32Array).filter((row) => keep[row])));
    const { k: stride, indices } = await neighbors.nearest(rows, keep);
    const k = Math.min(asked, stride);
    if (round === 0) used = Math.min(widest, stride);
    const removed = rows.filter((row, i) => !agrees(kind, row, indices, i * stride, k, labels));
    for (const row of removed) {
      keep[row] = 0;
      left[labels[row] as number]!--;
    }
    const below = present.some((c) => c !== minority && (left[c] as number) < smallest);
    const gone = present.some((c) => left[c] === 0);
    if (gone || (sparesOrder && below) || (untilStable && removed.length === 0)) break;
  }
  return { keep, notes: new Map(targets.map((c) => [c, usedNeighbors(widest, used)])) };
}
