/** Cross-validation: every row is held out once, in folds that are stratified and keep groups whole. */

import { brand, selectRows, type EmbeddingSet, type HeldOutSet, type TrainingSet } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { createRng } from '../core/rng.js';
import { originalsOf, parentRows, rootOf, split, unitsOf, type Unit } from './split.js';

export interface FoldOptions {
  /** How many, at least 2. */
  readonly folds: number;
  readonly groups?: readonly string[];
  /** The row that a row was augmented from, −1 for an original. */
  readonly parents?: ArrayLike<number>;
  readonly seed: number;
}

/**
 * Deals rows to folds.
 *
 * Class by class, the rows of a class are dealt out in turn, so that its share in two folds differs by one row at most; with
 * groups that is approached, the largest group first. A class with fewer rows than folds is missing in some of them. Every
 * class keeps a training row in every fold: where all rows of a class would lie in one, its smallest group trains always, so a class
 * of one row is never judged. An augmented row is in the fold of its original, and is not judged.
 *
 * @param labels class ids; @param classes how many there are.
 * @returns the fold of each row, −1 for one that is in no fold and always trains.
 * @throws ERR_DATA for fewer than two classes, or fewer rows (groups, where there are some) than folds.
 */
export function foldsOf(
  labels: ArrayLike<number>,
  classes: number,
  { folds, groups, parents, seed }: FoldOptions,
): Int32Array {
  const { originals, counts } = originalsOf(labels, classes, parents);
  const present = [...counts.keys()].filter((c) => (counts[c] as number) > 0);
  if (present.length < 2)
    throw new EquipoiseError('ERR_DATA', `Expected rows of at least two classes for folds but found ${present.length}`);
  const units = unitsOf(originals, labels, groups);
  if (units.length < folds)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected at least ${folds} ${groups ? 'groups' : 'rows'} for ${folds} folds but found ${units.length}. Ask for fewer folds`,
    );

  const shuffled = Array.from(createRng(seed, 'folds').permutation(units.length), (at) => units[at] as Unit);
  // Rows of one class together, so that they are dealt in turn; the sort is stable.
  shuffled.sort((a, b) => b.rows.length - a.rows.length || firstClass(a) - firstClass(b));
  const dealt = Array.from({ length: folds }, () => ({ rows: 0, classes: new Int32Array(classes) }));
  const foldOf = new Map<Unit, number>();
  for (const unit of shuffled) {
    let best = 0;
    let least = Infinity;
    dealt.forEach((fold, f) => {
      // What the fold has of the unit's classes already, as a share of them; equal ones are told apart by their size.
      let share = fold.rows / (labels.length + 1) / labels.length;
      for (const [c, n] of unit.classes) share += (n * (fold.classes[c] as number)) / (counts[c] as number);
      if (share < least) [best, least] = [f, share];
    });
    const fold = dealt[best] as (typeof dealt)[number];
    fold.rows += unit.rows.length;
    for (const [c, n] of unit.classes) (fold.classes[c] as number) += n;
    foldOf.set(unit, best);
  }
  for (const c of present) {
    if (dealt.some((fold) => (fold.classes[c] as number) > 0 && (fold.classes[c] as number) < (counts[c] as number)))
      continue;
    // The last one is the smallest.
    const kept = shuffled.findLast((unit) => unit.classes.has(c)) as Unit;
    foldOf.set(kept, -1);
  }

  const foldOfRow = new Int32Array(labels.length);
  for (const [unit, fold] of foldOf) for (const row of unit.rows) foldOfRow[row] = fold;
  for (let fold = 0; fold < folds; fold++)
    if (![...foldOf.values()].includes(fold))
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected rows to judge in each of ${folds} folds but one has none, for every class keeps a training row. Ask for fewer folds`,
      );
  for (let row = 0; row < labels.length; row++) foldOfRow[row] = foldOfRow[rootOf(row, parents)] as number;
  return foldOfRow;
}

const firstClass = ({ classes }: Unit): number => Math.min(...classes.keys());

/**
 * The parts of one fold: its originals are judged, the rest trains, but for a share of all rows that selects.
 * @param folds from `foldsOf`.
 */
export function foldParts(
  set: EmbeddingSet,
  folds: Int32Array,
  fold: number,
  { validation, seed }: { validation: number; seed: number },
): { readonly train: TrainingSet; readonly validation: HeldOutSet; readonly test: HeldOutSet } {
  const parents = parentRows(set);
  const rows = (wanted: (row: number) => boolean) => Int32Array.from([...folds.keys()].filter(wanted));
  const held = rows((row) => folds[row] === fold && (parents?.[row] ?? -1) < 0);
  const rest = selectRows(
    set,
    rows((row) => folds[row] !== fold),
  );
  const share = Math.min(0.9, (validation * set.labels.length) / rest.labels.length);
  const { train, validation: chosen } = split(rest, { test: 0, validation: share, seed });
  return { train, validation: chosen, test: brand(selectRows(set, held), 'test') };
}
