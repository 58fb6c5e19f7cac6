/** A labelled matrix of embeddings, and the brands that keep held-out rows away from samplers. */

import { selectDiskRows, type DiskRows } from './disk-rows.js';
import { EquipoiseError, expected, show } from './errors.js';
import { assertFinite, dense, matrix, takeRows, type Matrix, type MatrixLike } from './matrix.js';
import { countTargets, isManyLabels, namesIn, rarestClasses, readTargets, type ManyLabels } from './targets.js';

/** What a column of a table is; embeddings of a backbone have none. */
export interface Column {
  readonly name: string;
  /** `one-hot` columns carry the categorical column and level they were made from. */
  readonly kind: 'numeric' | 'one-hot';
  readonly source?: string;
  readonly level?: string;
}

export type Part = 'train' | 'validation' | 'test';

const partBrand: unique symbol = Symbol('equipoise.part');

/** What is known of rows besides their embeddings; every array has one entry a row. */
export interface LabelledRows {
  /** Class ids: indices into `classNames`. Of a set with `targets` what splits and batches go by: see there. */
  readonly labels: Int32Array;
  /**
   * (n, C), 1 where the row has the class: of a set whose rows have any number of labels. `labels` then holds the rarest
   * class of each row, C for a row that has none.
   */
  readonly targets?: Uint8Array;
  readonly classNames: readonly string[];
  /** Rows a class; zero for a class of the table that has none here. */
  readonly classCounts: Int32Array;
  readonly ids: readonly string[];
  /** Rows of one group never fall on both sides of a split. */
  readonly groups?: readonly string[];
  readonly weights?: Float32Array;
  /** Of length d where the rows came from a table. */
  readonly columns?: readonly Column[];
  /** The id of the item a row was augmented from, null for an original. */
  readonly parents?: readonly (string | null)[];
  readonly [partBrand]?: Part | 'resampled';
}

/** Labelled rows in memory. */
export interface EmbeddingSet extends LabelledRows {
  /** (n, d) float32. */
  readonly embeddings: Matrix;
}

/** Labelled rows whose embeddings stay on disk, as `store.onDisk` opens them: labels and names are in memory, n · d numbers are not. */
export interface DiskSet extends LabelledRows {
  readonly rows: DiskRows;
}

/** Rows that may be resampled and trained on: made by `split` or, for a user's own training rows, by `asTraining`. */
export interface TrainingSet extends EmbeddingSet {
  readonly [partBrand]: 'train';
}

export interface DiskTrainingSet extends DiskSet {
  readonly [partBrand]: 'train';
}

/** Rows kept for selection or judgement; samplers refuse them. */
export interface HeldOutSet extends EmbeddingSet {
  readonly [partBrand]: 'validation' | 'test';
}

export interface DiskHeldOutSet extends DiskSet {
  readonly [partBrand]: 'validation' | 'test';
}

export interface FromArraysOptions {
  /** The class table, in order. Required for numeric labels unless they name themselves ("0", "1", …). */
  classNames?: readonly string[];
  ids?: readonly string[];
  groups?: readonly string[];
  weights?: ArrayLike<number>;
  columns?: readonly Column[];
  parents?: readonly (string | null)[];
}

/** Natural order for class names: "2" before "10", otherwise by code point, the same on every machine. */
export function compareNames(a: string, b: string): number {
  const numeric = /^-?\d+(\.\d+)?$/;
  if (numeric.test(a) && numeric.test(b) && Number(a) !== Number(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

export function countClasses(labels: ArrayLike<number>, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (let i = 0; i < labels.length; i++) (counts[labels[i] as number] as number)++;
  return counts;
}

function checkLength(what: string, length: number, rows: number): void {
  if (length !== rows)
    throw new EquipoiseError('ERR_SHAPE', `${what} has ${length} entries but embeddings has ${rows} rows`);
}

/**
 * Makes a set from a user's own arrays.
 *
 * @param x (n, d) matrix; copied only if it is not contiguous float32.
 * @param labels n class ids, or n class names (then the table is `classNames` or the sorted names that occur). For rows with any
 *   number of labels: n lists of ids or names, or an (n, C) matrix of 0 and 1.
 * @throws ERR_SHAPE for lengths that differ, ERR_DATA for NaN, infinity, labels outside the table or repeated ids.
 *
 * @example
 * const set = fromArrays({ data: new Float32Array([0, 1, 2, 3]), shape: [2, 2] }, ['cat', 'dog']);
 */
export function fromArrays(
  x: MatrixLike,
  labels: ArrayLike<number> | readonly string[] | ManyLabels,
  options: FromArraysOptions = {},
): EmbeddingSet {
  const known = ['classNames', 'ids', 'groups', 'weights', 'columns', 'parents'];
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw new EquipoiseError('ERR_OPTION', `Unknown option fromArrays.${name}. Known options: ${known.join(', ')}`);
  const rows = dense(x);
  const isMany = typeof labels === 'object' && labels !== null && isManyLabels(labels);
  if (typeof labels !== 'object' || labels === null || (!isMany && typeof labels.length !== 'number'))
    throw expected('an array of class ids or names', 'labels', labels);
  if (!('shape' in labels)) checkLength('labels', labels.length, rows.rows);
  const classNames = options.classNames ?? tableOf(isMany ? namesIn(labels) : labels);
  if (new Set(classNames).size !== classNames.length)
    throw new EquipoiseError('ERR_DATA', `classNames repeats a name: ${classNames.join(', ')}`);
  const ids = options.ids;
  const idOf = (row: number) => (ids ? ids[row] : String(row));
  for (const [what, value] of Object.entries({
    ids,
    groups: options.groups,
    weights: options.weights,
    parents: options.parents,
  }))
    if (value !== undefined) checkLength(what, value.length, rows.rows);
  if (options.columns !== undefined && options.columns.length !== rows.cols)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `columns has ${options.columns.length} entries but embeddings has ${rows.cols} columns`,
    );
  assertFinite(rows, (row) => `Row ${row} (${show(idOf(row))})`);
  if (ids && new Set(ids).size !== ids.length) {
    const seen = new Set<string>();
    const twice = ids.find((id) => seen.size === seen.add(id).size);
    throw new EquipoiseError('ERR_DATA', `ids must be unique but ${show(twice)} occurs more than once`);
  }
  const weights = options.weights && Float32Array.from(options.weights);
  if (weights)
    for (let i = 0; i < weights.length; i++)
      if (!((weights[i] as number) >= 0) || weights[i] === Infinity)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected a finite weight >= 0 for row ${i} (${show(idOf(i))}) but received ${weights[i]}`,
        );
  const set = {
    embeddings: matrix(rows.data, rows.rows, rows.cols),
    ...(isMany
      ? manyLabels(readTargets(labels, classNames, rows.rows, idOf), classNames)
      : oneLabel(labels, classNames, idOf)),
    classNames: [...classNames],
    ...(options.groups && { groups: [...options.groups] }),
    ...(weights && { weights }),
    ...(options.columns && { columns: [...options.columns] }),
    ...(options.parents && { parents: [...options.parents] }),
  };
  return changed(set, ids ? { ids: [...ids] } : numbers(rows.rows));
}

/** Numbers for ids, made when somebody asks for them: a million of them take 30 MB, and neither sampling nor training reads any. */
function numbers(rows: number): Pick<EmbeddingSet, 'ids'> {
  let made: readonly string[] | undefined;
  return {
    get ids() {
      return (made ??= Array.from({ length: rows }, (_, i) => String(i)));
    },
  };
}

/** A copy of `set` with other properties, as `{ ...set, ...properties }`, but what is made when it is asked for is not made now. */
export function changed<S extends object, P extends object>(set: S, properties: P): S & P {
  return Object.defineProperties(
    {},
    { ...Object.getOwnPropertyDescriptors(set), ...Object.getOwnPropertyDescriptors(properties) },
  ) as S & P;
}

/** The class table of labels that come without one. */
function tableOf(labels: ArrayLike<number> | readonly (string | number)[]): readonly string[] {
  if (typeof labels[0] === 'string') return [...new Set(labels as readonly string[])].sort(compareNames);
  let highest = -1;
  for (let i = 0; i < labels.length; i++) highest = Math.max(highest, Number(labels[i]));
  return Array.from({ length: Number.isFinite(highest) ? Math.floor(highest) + 1 : 0 }, (_, c) => String(c));
}

type Labels = Pick<EmbeddingSet, 'labels' | 'targets' | 'classCounts'>;

function oneLabel(
  labels: ArrayLike<number> | readonly string[],
  classNames: readonly string[],
  idOf: (row: number) => string | undefined,
): Labels {
  const table = new Map(classNames.map((name, id) => [name, id]));
  const classIds = new Int32Array(labels.length);
  for (let i = 0; i < classIds.length; i++) {
    const label = labels[i];
    const id = typeof label === 'string' ? table.get(label) : label;
    if (id === undefined || !Number.isInteger(id) || id < 0 || id >= classNames.length)
      throw new EquipoiseError(
        'ERR_DATA',
        `Row ${i} (${show(idOf(i))}) has label ${show(label)}, which is not in the class table of ${classNames.length}: ${classNames.slice(0, 12).join(', ')}`,
      );
    classIds[i] = id;
  }
  return { labels: classIds, classCounts: countClasses(classIds, classNames.length) };
}

function manyLabels(targets: Uint8Array, classNames: readonly string[]): Labels {
  const classCounts = countTargets(targets, classNames.length);
  return { labels: rarestClasses(targets, classCounts), targets, classCounts };
}

/** The rows of `set` at the given positions, in that order, unbranded. */
export function selectRows(set: EmbeddingSet, rows: ArrayLike<number>): EmbeddingSet;
export function selectRows(set: AnySet, rows: ArrayLike<number>): AnySet;
export function selectRows(set: AnySet, rows: ArrayLike<number>): AnySet {
  const labelled = selectLabelled(set, rows);
  if ('rows' in set) return { ...labelled, rows: selectDiskRows(set.rows, Int32Array.from(rows)) };
  const taken = takeRows(dense(set.embeddings), rows);
  return { ...labelled, embeddings: matrix(taken.data, taken.rows, taken.cols) };
}

function selectLabelled(set: LabelledRows, rows: ArrayLike<number>): LabelledRows {
  const pick = <T>(values: ArrayLike<T>): T[] => Array.from(rows, (row) => values[row] as T);
  const { classNames, targets } = set;
  const classes = classNames.length;
  const labels = Int32Array.from(pick(set.labels));
  const own = targets && new Uint8Array(rows.length * classes);
  if (targets && own)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      own.set(targets.subarray(row * classes, (row + 1) * classes), i * classes);
    }
  return {
    // What is rare in the whole set stays what its parts go by.
    labels,
    ...(own && { targets: own }),
    classNames,
    classCounts: own ? countTargets(own, classes) : countClasses(labels, classes),
    ids: pick(set.ids),
    ...(set.groups && { groups: pick(set.groups) }),
    ...(set.weights && { weights: Float32Array.from(pick(set.weights)) }),
    ...(set.columns && { columns: set.columns }),
    ...(set.parents && { parents: pick(set.parents) }),
  };
}

/** A set in memory, or one on disk. */
export type AnySet = EmbeddingSet | DiskSet;
export type AnyTrainingSet = TrainingSet | DiskTrainingSet;

/** Rows and columns of a set. */
export function shapeOf(set: AnySet): { rows: number; cols: number } {
  if ('rows' in set) return { rows: set.rows.count, cols: set.rows.cols };
  const [rows = 0, cols = 0] = set.embeddings.shape;
  return { rows, cols };
}

/** Brands a set as a part of a split. For rooms that make splits; users call `split` or `asTraining`. */
export function brand(set: EmbeddingSet, part: 'train'): TrainingSet;
export function brand(set: EmbeddingSet, part: 'validation' | 'test'): HeldOutSet;
export function brand(set: EmbeddingSet, part: Part): TrainingSet | HeldOutSet;
export function brand(set: DiskSet, part: 'train'): DiskTrainingSet;
export function brand(set: DiskSet, part: Part): DiskTrainingSet | DiskHeldOutSet;
export function brand(set: AnySet, part: 'train'): AnyTrainingSet;
export function brand(set: AnySet, part: Part): AnySet;
export function brand(set: AnySet, part: Part): AnySet {
  return changed(set, { [partBrand]: part });
}

export function partOf(set: LabelledRows): Part | 'resampled' | undefined {
  return set[partBrand];
}

/** Marks rows as the result of resampling, which `evaluate` refuses. */
export function brandResampled<T extends object>(set: T): T {
  return changed(set, { [partBrand]: 'resampled' });
}

export function isResampled(set: object): boolean {
  return (set as LabelledRows)[partBrand] === 'resampled';
}

/**
 * Declares that these rows are training rows: the caller keeps their test rows elsewhere.
 * @throws ERR_DATA for a part that a split held out, or rows that were resampled.
 */
export function asTraining(set: EmbeddingSet): TrainingSet;
export function asTraining(set: DiskSet): DiskTrainingSet;
export function asTraining(set: AnySet): AnyTrainingSet;
export function asTraining(set: AnySet): AnyTrainingSet {
  const part = partOf(set);
  if (part === 'validation' || part === 'test' || part === 'resampled')
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected training rows but received the ${part} part of a split. Resample and train on split(...).train`,
    );
  return brand(set, 'train');
}

/** @throws ERR_DATA unless the set carries the training brand. */
export function assertTraining<S extends AnySet>(
  set: S,
  what: string,
): asserts set is S & { readonly [partBrand]: 'train' } {
  if (partOf(set) === 'train') return;
  const part = partOf(set);
  throw new EquipoiseError(
    'ERR_DATA',
    `Expected a training set for ${what} but received ${part === undefined ? 'a set that was not split' : `the ${part} part`}. Pass split(set).train, or asTraining(set) if your test rows are elsewhere`,
  );
}

/** Why something cannot do with rows on disk. */
export function needsMemory(what: string, set: LabelledRows & { readonly rows: DiskRows }): EquipoiseError {
  const gigabytes = (4 * set.rows.count * set.rows.cols) / 2 ** 30;
  return new EquipoiseError(
    'ERR_OPTION',
    `Expected rows in memory for ${what}, which looks at all of them at once, but received rows on disk. Read them with store.read (--memory above ${gigabytes.toFixed(2)} GiB), or choose another`,
  );
}

/**
 * A set on disk for code that may not need the embeddings themselves: where it does, it fails saying that `what` needs them in memory.
 */
export function withoutEmbeddings(set: DiskTrainingSet, what: string): TrainingSet & DiskTrainingSet {
  return Object.defineProperty({ ...set }, 'embeddings', {
    get() {
      throw needsMemory(what, set);
    },
  }) as TrainingSet & DiskTrainingSet;
}
