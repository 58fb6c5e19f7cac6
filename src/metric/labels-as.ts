import type { LabelledRows } from '../core/embedding-set.js';
import { EquipoiseError, show } from '../core/errors.js';

/**
 * The labels of a set as ids of another class table, by name.
 * @param purpose completes "12 rows …", for messages.
 * @throws ERR_DATA for rows of a class that is not in it.
 */
export function labelsAs(classNames: readonly string[], set: LabelledRows, purpose: string): Int32Array {
  const translate = set.classNames.map((name, c) => {
    const id = classNames.indexOf(name);
    if (id < 0 && set.classCounts[c]! > 0)
      throw new EquipoiseError(
        'ERR_DATA',
        `Class ${show(name)} has ${set.classCounts[c]} rows ${purpose} but the head knows only ${classNames.slice(0, 12).join(', ')}`,
      );
    return id;
  });
  return set.labels.map((label) => translate[label] as number);
}
