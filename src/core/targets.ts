/** Rows with any number of labels: what such labels may be given as, and what they are kept as. */

import type { LabelledRows } from './embedding-set.js';
import { EquipoiseError, show } from './errors.js';

/** How many labels a row of a set has: exactly one, or any number. */
export type TargetKind = 'one' | 'many';

/** A row's labels as class ids or names; or, for all rows at once, an (n, C) matrix of 0 and 1. */
export type ManyLabels =
  readonly (readonly (string | number)[])[] | { readonly data: ArrayLike<number>; readonly shape: readonly number[] };

export function targetKind(set: Pick<LabelledRows, 'targets'>): TargetKind {
  return set.targets === undefined ? 'one' : 'many';
}

/** Strata of a set: its classes, by the rarest of a row; rows that have none, where rows have any number, are one of their own. */
export function strataOf(set: Pick<LabelledRows, 'targets' | 'classNames'>): number {
  return set.classNames.length + (targetKind(set) === 'many' ? 1 : 0);
}

/** @throws ERR_DATA for a set whose rows have any number of labels. */
export function assertOneLabel(set: Pick<LabelledRows, 'targets'>, what: string, advice: string): void {
  if (targetKind(set) === 'many')
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected rows of one label each for ${what} but received a set whose rows have any number of them. ${advice}`,
    );
}

export function isManyLabels(labels: object): labels is ManyLabels {
  return 'shape' in labels || Array.isArray((labels as readonly unknown[])[0]);
}

/** The names that occur, for a table where none is given; ids name themselves. */
export function namesIn(labels: ManyLabels): readonly (string | number)[] {
  return 'shape' in labels ? Array.from({ length: labels.shape[1] ?? 0 }, (_, c) => c) : labels.flat();
}

/**
 * (n, C), 1 where the row has the class.
 * @throws ERR_SHAPE for another number of rows or classes, ERR_DATA for a label outside the table or a number but 0 and 1.
 */
export function readTargets(
  labels: ManyLabels,
  classNames: readonly string[],
  rows: number,
  idOf: (row: number) => string | undefined,
): Uint8Array {
  const classes = classNames.length;
  const targets = new Uint8Array(rows * classes);
  if ('shape' in labels) {
    const [given, columns] = labels.shape;
    if (given !== rows || columns !== classes || labels.data.length !== targets.length)
      throw new EquipoiseError(
        'ERR_SHAPE',
        `Expected labels of shape (${rows}, ${classes}), a column a class, but received (${labels.shape.join(', ')})`,
      );
    for (let i = 0; i < targets.length; i++) {
      const value = labels.data[i];
      if (value !== 0 && value !== 1)
        throw new EquipoiseError(
          'ERR_DATA',
          `Row ${Math.floor(i / classes)} (${show(idOf(Math.floor(i / classes)))}) has ${show(value)} for ${show(classNames[i % classes])}, which is neither 0 nor 1`,
        );
      targets[i] = value;
    }
    return targets;
  }
  const table = new Map(classNames.map((name, id) => [name, id]));
  labels.forEach((own, row) => {
    if (!Array.isArray(own))
      throw new EquipoiseError('ERR_DATA', `Expected a list of labels for row ${row} but received ${show(own)}`);
    for (const label of own as readonly (string | number)[]) {
      const id = typeof label === 'string' ? table.get(label) : label;
      if (id === undefined || !Number.isInteger(id) || id < 0 || id >= classes)
        throw new EquipoiseError(
          'ERR_DATA',
          `Row ${row} (${show(idOf(row))}) has label ${show(label)}, which is not in the class table of ${classes}: ${classNames.slice(0, 12).join(', ')}`,
        );
      targets[row * classes + id] = 1;
    }
  });
  return targets;
}

/** Rows that have each class. */
export function countTargets(targets: Uint8Array, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (let at = 0; at < targets.length; at++) if (targets[at] === 1) (counts[at % classes] as number)++;
  return counts;
}

/** The rarest class that each row has (of equals the lowest id), and `classes`, one beyond the table, for a row that has none. */
export function rarestClasses(targets: Uint8Array, counts: Int32Array): Int32Array {
  const classes = counts.length;
  return Int32Array.from({ length: classes === 0 ? 0 : targets.length / classes }, (_, row) => {
    let rarest = classes;
    for (let c = 0; c < classes; c++)
      if (
        targets[row * classes + c] === 1 &&
        (rarest === classes || (counts[c] as number) < (counts[rarest] as number))
      )
        rarest = c;
    return rarest;
  });
}

/** The names of a row's labels, in the order of the table. */
export function labelsOf(set: LabelledRows, row: number): string[] {
  const { targets, classNames, labels } = set;
  if (targets === undefined) return [classNames[labels[row] as number] as string];
  return classNames.filter((_, c) => targets[row * classNames.length + c] === 1);
}
