/** Training, validation and test rows: stratified, whole groups, and no augmented row among those held out. */

import {
  brand,
  countClasses,
  partOf,
  selectRows,
  type AnySet,
  type DiskHeldOutSet,
  type DiskSet,
  type DiskTrainingSet,
  type EmbeddingSet,
  type HeldOutSet,
  type LabelledRows,
  type Part,
  type TrainingSet,
} from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { custom, integer, number, resolveOptions } from '../core/options.js';
import { createRng } from '../core/rng.js';
import { strataOf } from '../core/targets.js';

export interface SplitIndicesOptions {
  /** Share of the rows, in [0, 1). */
  readonly test: number;
  readonly validation: number;
  /** A group a row; rows of one group stay together. */
  readonly groups?: readonly string[];
  /** The row that a row was augmented from, −1 for an original. */
  readonly parents?: ArrayLike<number>;
  readonly seed: number;
}

/** Row numbers, ascending. */
export type SplitRows = Readonly<Record<Part, Int32Array>>;

export interface SplitOptions {
  /** Share of the rows to judge by; default 0.2. */
  test?: number;
  /** Share of the rows to select by; default 0.1. */
  validation?: number;
  /** In place of the set's own groups. */
  groups?: readonly string[];
  seed?: number;
}

export interface SplitSets {
  readonly train: TrainingSet;
  readonly validation: HeldOutSet;
  readonly test: HeldOutSet;
}

/** The parts of a set on disk, which stay there. */
export interface DiskSplitSets {
  readonly train: DiskTrainingSet;
  readonly validation: DiskHeldOutSet;
  readonly test: DiskHeldOutSet;
}

/** Rows that can only fall together, with their number a class. */
export interface Unit {
  readonly rows: number[];
  readonly classes: Map<number, number>;
}

const share = (what: string, value: number) =>
  number({ min: 0, max: 1 - Number.EPSILON, default: value, help: `share of the rows ${what}; 0 makes an empty part` });

const rules = {
  test: share('to judge by', 0.2),
  validation: share('to select by', 0.1),
  groups: custom<readonly string[] | undefined>({
    accepts: 'an array with one group a row',
    default: undefined,
    help: 'rows of one group never fall on both sides',
    check: Array.isArray,
  }),
  parents: custom<ArrayLike<number> | undefined>({
    accepts: 'an array with one row number a row, -1 for an original',
    default: undefined,
    help: 'augmented rows follow their parent',
    check: (value) => Array.isArray(value) || ArrayBuffer.isView(value),
  }),
  seed: integer({ min: 0, default: 0, help: 'which rows fall where' }),
};

/**
 * Seats a class: the part's total is round(fraction · rows), every class gets the whole seats of its own fraction, and
 * what is left goes to the largest remainders (ties to the lower class id). On top, every class with a row to spare gets one.
 */
function seats(counts: Int32Array, fraction: number, room: Int32Array): Int32Array {
  if (fraction === 0) return new Int32Array(counts.length);
  const rows = counts.reduce((sum, n) => sum + n, 0);
  const given = counts.map((n, c) => Math.min(Math.floor(n * fraction), room[c] as number));
  let left = Math.round(rows * fraction) - given.reduce((sum, n) => sum + n, 0);
  const remainder = (c: number) => (counts[c] as number) * fraction - Math.floor((counts[c] as number) * fraction);
  const byRemainder = [...counts.keys()].sort((a, b) => remainder(b) - remainder(a) || a - b);
  for (const c of byRemainder)
    if (left > 0 && (given[c] as number) < (room[c] as number)) {
      (given[c] as number)++;
      left--;
    }
  return given.map((n, c) => Math.max(n, Math.min(1, room[c] as number)));
}

/** Rows that are no copies, and how many each class has of them. */
export function originalsOf(
  labels: ArrayLike<number>,
  classes: number,
  parents: ArrayLike<number> | undefined,
): { originals: number[]; counts: Int32Array } {
  const originals: number[] = [];
  for (let row = 0; row < labels.length; row++) if (rootOf(row, parents) === row) originals.push(row);
  const counts = countClasses(
    originals.map((row) => labels[row] as number),
    classes,
  );
  return { originals, counts };
}

/** The original a row goes back to, however many steps of augmentation lie between. */
export function rootOf(row: number, parents: ArrayLike<number> | undefined): number {
  let root = row;
  for (let steps = 0; parents !== undefined && (parents[root] ?? -1) >= 0; steps++) {
    root = parents[root] as number;
    if (steps > parents.length)
      throw new EquipoiseError(
        'ERR_DATA',
        `Expected row ${row} to go back to an original but its parents form a circle`,
      );
  }
  return root;
}

export function unitsOf(
  rows: readonly number[],
  labels: ArrayLike<number>,
  groups: readonly string[] | undefined,
): Unit[] {
  const units = new Map<string | number, Unit>();
  for (const row of rows) {
    const key = groups?.[row] ?? row;
    let unit = units.get(key);
    if (unit === undefined) units.set(key, (unit = { rows: [], classes: new Map() }));
    unit.rows.push(row);
    const c = labels[row] as number;
    unit.classes.set(c, (unit.classes.get(c) ?? 0) + 1);
  }
  return [...units.values()];
}

/**
 * Splits row numbers.
 *
 * Seats: test, then validation, by largest remainder a class. A class with two rows or more has at least one test row
 * where `test` > 0, a class with three or more at least one validation row where `validation` > 0 too, and every class
 * keeps a training row, so a class with one row is training only. Without groups these counts are met exactly. With
 * groups they are approached: the largest group first, to the part that misses most of its classes; then, as far as whole groups
 * allow, every class is given a training row, a test row and a validation row, in that order.
 * An augmented row trains where its original trains and is left out where its original is held out.
 *
 * @param labels class ids; @param classes how many there are.
 * @returns row numbers, ascending; the same for the same seed.
 * @throws ERR_DATA for fewer than two classes or arrays of another length; ERR_OPTION for shares that leave nothing to train on.
 */
export function splitIndices(labels: ArrayLike<number>, classes: number, options: SplitIndicesOptions): SplitRows {
  const { test, validation, groups, parents, seed } = resolveOptions('split', rules, options);
  if (test + validation >= 1) throw expected('test + validation < 1', 'split', test + validation);
  for (const [what, value] of Object.entries({ groups, parents }))
    if (value !== undefined && value.length !== labels.length)
      throw new EquipoiseError('ERR_SHAPE', `${what} has ${value.length} entries but there are ${labels.length} rows`);
  const { originals, counts } = originalsOf(labels, classes, parents);
  const present = [...counts.keys()].filter((c) => (counts[c] as number) > 0);
  if (present.length < 2)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected rows of at least two classes to split but found ${present.length === 1 ? `only class ${present[0]}` : 'no rows'}. Check the label column or the class folders`,
    );

  // One row of every class stays for training, and one for validation where there are three.
  const testRoom = counts.map((n) => Math.max(0, n - (validation > 0 && n > 2 ? 2 : 1)));
  const testSeats = seats(counts, test, testRoom);
  const validationRoom = counts.map((n, c) => Math.max(0, n - 1 - (testSeats[c] as number)));
  const validationSeats = seats(counts, validation, validationRoom);
  const trainSeats = counts.map((n, c) => n - (testSeats[c] as number) - (validationSeats[c] as number));
  const wanted: Record<Part, Int32Array> = { train: trainSeats, test: testSeats, validation: validationSeats };
  const parts: Part[] = [
    'train',
    ...(test > 0 ? ['test' as const] : []),
    ...(validation > 0 ? ['validation' as const] : []),
  ];

  const units = unitsOf(originals, labels, groups);
  const shuffled = Array.from(createRng(seed, 'split').permutation(units.length), (at) => units[at] as Unit);
  shuffled.sort((a, b) => b.rows.length - a.rows.length);
  const missing = { train: wanted.train.slice(), test: wanted.test.slice(), validation: wanted.validation.slice() };
  const placed = new Map<Unit, Part>();
  const place = (unit: Unit, part: Part) => {
    const before = placed.get(unit);
    for (const [c, n] of unit.classes) {
      (missing[part][c] as number) -= n;
      if (before !== undefined) (missing[before][c] as number) += n;
    }
    placed.set(unit, part);
  };
  for (const unit of shuffled) {
    let best: Part = 'train';
    let bestGain = -Infinity;
    for (const part of parts) {
      let gain = 0;
      for (const [c, n] of unit.classes) gain += (n * (missing[part][c] as number)) / (counts[c] as number);
      if (gain > bestGain) {
        best = part;
        bestGain = gain;
      }
    }
    place(unit, best);
  }
  if (groups !== undefined) {
    const has = (part: Part, c: number) => (wanted[part][c] as number) - (missing[part][c] as number);
    for (const part of parts)
      for (const c of present) {
        if (has(part, c) > 0 || (wanted[part][c] as number) === 0) continue;
        // Smallest first; the part it leaves must keep every class it had, unless training needs the rows.
        const donor = shuffled.findLast((unit) => {
          const from = placed.get(unit) as Part;
          if (from === part || !unit.classes.has(c)) return false;
          return part === 'train' || [...unit.classes].every(([k, n]) => has(from, k) > n);
        });
        if (donor) place(donor, part);
      }
  }

  const rows: Record<Part, number[]> = { train: [], validation: [], test: [] };
  const partOfRow = new Map<number, Part>();
  for (const [unit, part] of placed) for (const row of unit.rows) partOfRow.set(row, part);
  for (let row = 0; row < labels.length; row++) {
    const root = rootOf(row, parents);
    const part = partOfRow.get(root) as Part;
    if (root === row || part === 'train') rows[part].push(row);
  }
  return {
    train: Int32Array.from(rows.train),
    validation: Int32Array.from(rows.validation),
    test: Int32Array.from(rows.test),
  };
}

/** Row numbers in place of the ids in `parents`, −1 for an original; undefined for a set of originals. @throws ERR_DATA */
export function parentRows(set: LabelledRows): Int32Array | undefined {
  if (!set.parents?.some((parent) => parent !== null)) return undefined;
  const rowOf = new Map(set.ids.map((id, row) => [id, row]));
  return Int32Array.from(set.parents, (parent, row) => {
    const at = parent === null ? -1 : rowOf.get(parent);
    if (at !== undefined) return at;
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected the original ${JSON.stringify(parent)} of row ${row} (${JSON.stringify(set.ids[row])}) in the set but it is not there. Split before leaving rows out`,
    );
  });
}

/**
 * Splits a set into branded parts, by the rules of `splitIndices`; groups and augmented rows of the set are honoured.
 * Rows with any number of labels are divided by the rarest of them.
 *
 * @throws ERR_DATA for one class only, for rows that are held out or resampled already, and for an augmented row whose
 *   original is not in the set.
 *
 * @example
 * const { train, validation, test } = split(set, { test: 0.2, validation: 0.1, seed: 0 });
 */
export function split(set: EmbeddingSet, options?: SplitOptions): SplitSets;
export function split(set: DiskSet, options?: SplitOptions): DiskSplitSets;
export function split(set: AnySet, options: SplitOptions = {}): SplitSets | DiskSplitSets {
  const before = partOf(set);
  if (before !== undefined && before !== 'train')
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected rows that were not held out or resampled for split but received ${before === 'resampled' ? 'resampled rows' : `the ${before} part of a split`}. Split first, resample the training part`,
    );
  const { parents: _, ...known } = rules;
  const { groups = set.groups, ...resolved } = resolveOptions('split', known, options);
  const parents = parentRows(set);
  const rows = splitIndices(set.labels, strataOf(set), {
    ...resolved,
    ...(groups && { groups }),
    ...(parents && { parents }),
  });
  return {
    train: brand(selectRows(set, rows.train), 'train'),
    validation: brand(selectRows(set, rows.validation), 'validation'),
    test: brand(selectRows(set, rows.test), 'test'),
  } as SplitSets | DiskSplitSets;
}
