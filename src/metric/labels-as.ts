import type { LabelledRows } from '../core/embedding-set.js';
import { EquipoiseError, show } from '../core/errors.js';

/**
 * The labels of a set as ids of another class table, by name.
 * @param purpose completes "12 rows …", for messages.
 * @throws ERR_DATA for rows of a class that is not in it.
 */
export function labelsAs(classNames: readonly string[], set: LabelledRows, purpose: string): Int32Array {
  const translate = placesOf(classNames, set, purpose);
  return set.labels.map((label) => translate[label] as number);
}

/**
 * The same of rows with any number of labels: (n, C), 1 where the row has the class.
 * @throws ERR_DATA for rows of a class that is not in the table, or a set of one label a row.
 */
export function targetsAs(classNames: readonly string[], set: LabelledRows, purpose: string): Uint8Array {
  const { targets, classNames: own } = set;
  if (targets === undefined)
    throw new EquipoiseError('ERR_DATA', `Expected rows with any number of labels ${purpose} but they have one each`);
  const translate = placesOf(classNames, set, purpose);
  const classes = classNames.length;
  const out = new Uint8Array((targets.length / own.length) * classes);
  targets.forEach((has, at) => {
    const place = translate[at % own.length] as number;
    if (has === 1) out[Math.floor(at / own.length) * classes + place] = 1;
  });
  return out;
}

/** The place of each class of the set in the other table, −1 for one that has no rows and is not in it. */
function placesOf(classNames: readonly string[], set: LabelledRows, purpose: string): number[] {
  return set.classNames.map((name, c) => {
    const id = classNames.indexOf(name);
    if (id < 0 && set.classCounts[c]! > 0)
      throw new EquipoiseError(
        'ERR_DATA',
        `Class ${show(name)} has ${set.classCounts[c]} rows ${purpose} but the head knows only ${classNames.slice(0, 12).join(', ')}`,
      );
    return id;
  });
}
