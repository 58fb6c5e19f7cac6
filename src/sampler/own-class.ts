/** SMOTE's draw, which several methods share: from a base towards one of the nearest rows of its own class. */

import type { ClassOutcome } from '../core/plan.js';
import type { Draws } from '../core/rng.js';
import { duplicates, usedNeighbors } from './define-sampler.js';
import type { ClassSource, ClassTask } from './sampler.js';

export interface OwnNeighbors {
  /** To be spread into the source. */
  readonly used: Pick<ClassOutcome, 'kNeighbors'>;
  /** One of the k nearest rows of the class to base `row`, each as likely. */
  pick(row: number, draws: Draws): number;
}

/** Searches the k nearest rows of the same class of each base; the class must have more than one row. */
export async function ownNeighbors(
  task: Pick<ClassTask<unknown>, 'members' | 'search'>,
  asked: number,
  bases?: Int32Array,
): Promise<OwnNeighbors> {
  const query = { k: asked, among: 'same-class' } as const;
  const { indices, k: stride } = await task.search(bases ? { ...query, rows: bases } : query);
  const k = Math.min(stride, task.members.length - 1);
  return {
    used: usedNeighbors(asked, k),
    pick: (row, draws) => indices[row * stride + draws.below(k)] as number,
  };
}

/** Base uniform among `bases` (default: the whole class), neighbour uniform among its k nearest, step uniform in [0, 1). */
export async function smoteSource(
  task: Pick<ClassTask<unknown>, 'members' | 'search'>,
  asked: number,
  { bases, fallback }: { bases?: Int32Array; fallback?: string } = {},
): Promise<ClassSource> {
  const single = singleRow(task.members, fallback);
  if (single) return single;
  const from = bases ?? task.members;
  // A fallback is one class's own affair: it must not search for the members of all.
  const { used, pick } = await ownNeighbors(task, asked, fallback === undefined ? bases : from);
  return {
    ...used,
    ...(bases && { eligibleBases: bases.length }),
    ...(fallback !== undefined && { fallback }),
    draw(draws, recipe) {
      const row = draws.below(from.length);
      recipe.base = from[row] as number;
      recipe.other = pick(row, draws);
      recipe.step = draws.uniform();
    },
  };
}

/** What is done where interpolating inside a class is impossible; undefined where the class has more than one row. */
export function singleRow(members: Int32Array, before?: string): ClassSource | undefined {
  if (members.length > 1) return undefined;
  const why = 'one row: repeated, for want of a neighbour of its class';
  return duplicates(members, before === undefined ? why : `${before}; ${why}`);
}
