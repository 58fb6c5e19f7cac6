/** A table's columns at prediction time → the columns that a classifier was trained on, by name. */

import type { Column } from '../core/embedding-set.js';
import { EquipoiseError, show } from '../core/errors.js';

/** @throws ERR_DATA for a row that cannot be mapped. */
export type RowMap = (values: Float32Array) => Float32Array;

function sameLength(dim: number): RowMap {
  return (values) => {
    if (values.length !== dim)
      throw new EquipoiseError('ERR_DATA', `Expected a row of ${dim} numbers but received ${values.length}`);
    return values;
  };
}

/**
 * Columns may stand in another order and further ones may be there. A level of a category that new data lacks is zero;
 * a level that the training data lacked fails its rows, for the classifier knows nothing of it.
 * @throws ERR_DATA when a column is missing.
 */
export function mapColumns(
  wanted: readonly Column[] | undefined,
  given: readonly Column[] | undefined,
  dim: number,
  where: string,
): RowMap {
  if (wanted === undefined || given === undefined) return sameLength(dim);
  const at = new Map(given.map(({ name }, index) => [name, index]));
  const categories = new Set(given.flatMap(({ source }) => (source === undefined ? [] : [source])));
  const missing = wanted.filter(
    ({ name, kind, source }) =>
      !at.has(name) && !(kind === 'one-hot' && source !== undefined && categories.has(source)),
  );
  if (missing.length > 0)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected the columns that ${where} was trained on but the data has no ${missing.map(({ name }) => show(name)).join(', ')}. It has: ${given.map(({ name }) => name).join(', ')}`,
    );
  const known = new Set(wanted.map(({ name }) => name));
  const trained = new Set(wanted.map(({ source }) => source));
  const unseen = given.flatMap((column, index) =>
    column.kind === 'one-hot' && trained.has(column.source) && !known.has(column.name) ? [{ column, index }] : [],
  );
  const from = wanted.map(({ name }) => at.get(name));
  const check = sameLength(given.length);
  return (values) => {
    check(values);
    const strange = unseen.find(({ index }) => values[index] !== 0);
    if (strange)
      throw new EquipoiseError(
        'ERR_DATA',
        `Column ${show(strange.column.source)} has the value ${show(strange.column.level)}, which the training data did not have`,
      );
    return Float32Array.from(from, (index) => (index === undefined ? 0 : (values[index] as number)));
  };
}
