/** What may go into the store of what came out of a backbone. */

import { EquipoiseError } from '../core/errors.js';
import type { Item } from '../core/item.js';
import { takeRows, type Dense } from '../core/matrix.js';
import type { Failure, ShardContent } from '../store/index.js';
import type { Placed } from './batches.js';

export const failureOf = ({ id, source, parent }: Item, reason: string): Failure => ({
  id,
  source,
  reason,
  ...(parent !== undefined && { parent }),
});

/**
 * The rows in the order of the shard. A backbone may overflow on a strange input: such a row is a failed item, not a poisoned
 * store. Copies of a failed item go with it.
 *
 * @param rows which item each row of `data` is of.
 */
export function soundRows(
  { rows, data, dim }: { readonly rows: readonly Placed[]; readonly data: Float32Array; readonly dim: number },
  failures: readonly Failure[],
  augmented: boolean,
): ShardContent {
  const isFinite = (row: number) => {
    for (let i = row * dim; i < (row + 1) * dim; i++) if (!Number.isFinite(data[i])) return false;
    return true;
  };
  const broken = rows
    .filter((_, row) => !isFinite(row))
    .map(({ item }) => failureOf(item, 'Its embedding has a NaN or infinite value'));
  const all = [...failures, ...broken];
  const failed = new Set(all.map(({ id }) => id));
  const gone = ({ id, parent }: Item) => failed.has(id) || (parent !== undefined && failed.has(parent));
  const itemOf = (row: number) => (rows[row] as Placed).item;
  const placeOf = (row: number) => (rows[row] as Placed).place;
  const order = [...rows.keys()].filter((row) => !gone(itemOf(row))).sort((a, b) => placeOf(a) - placeOf(b));
  const inOrder = order.length === rows.length && order.every((row, i) => row === i);
  const embeddings: Dense = { data, rows: rows.length, cols: dim };
  return {
    ids: order.map((row) => itemOf(row).id),
    embeddings: inOrder ? embeddings : takeRows(embeddings, order),
    ...(augmented && { parents: order.map((row) => itemOf(row).parent ?? null) }),
    // Of a copy, its parent's says enough.
    identities: order.map((row) => (itemOf(row).parent === undefined ? (itemOf(row).identity ?? null) : null)),
    // Of a failed item and its copies the item is told alone.
    failures: all.filter(({ parent }) => parent === undefined || !failed.has(parent)),
  };
}

/** Rows of a table are their own embedding. */
export function rawRows(items: readonly Item[]): ShardContent {
  const rows = items.map(({ id, content }) => {
    if (content.kind !== 'row')
      throw new EquipoiseError('ERR_DATA', `Expected numbers for row ${id} of a table but received ${content.kind}`);
    return content.values;
  });
  const dim = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * dim);
  rows.forEach((values, row) => data.set(values, row * dim));
  const placed = items.map((item, place) => ({ item, place }));
  return soundRows({ rows: placed, data, dim }, [], false);
}
