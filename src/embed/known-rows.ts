/** Shards of which some items were embedded before. */

import type { Item } from '../core/item.js';
import type { EmbeddedRows, ShardContent } from '../store/index.js';
import type { Copies } from './augment.js';

/** Whether an item, and every copy of it, has its embedding already. */
export function isKnown(known: EmbeddedRows, item: Item, copies: Copies | undefined): boolean {
  const copiesOf = copies?.idsOf(item.id) ?? [];
  return known.has(item.id, item.identity ?? null) && copiesOf.every((id) => known.has(id, null));
}

/** The rows of a whole shard: those made now and those made before, in the order of the items. */
export async function withKnown(
  items: readonly Item[],
  made: ShardContent,
  known: EmbeddedRows,
  copies: Copies | undefined,
): Promise<ShardContent> {
  const cols = made.embeddings.cols;
  const madeAt = new Map(made.ids.map((id, row) => [id, row]));
  const failed = new Set(made.failures?.map(({ id }) => id));
  const order = items.flatMap((item) =>
    failed.has(item.id)
      ? []
      : [item.id, ...(copies?.idsOf(item.id) ?? [])].map((id) => ({ id, item, at: madeAt.get(id) })),
  );
  const rows = order.filter(({ id, at }) => at !== undefined || !failed.has(id));
  const data = new Float32Array(rows.length * cols);
  for (const [row, { id, at }] of rows.entries())
    data.set(
      at === undefined ? await known.vector(id) : made.embeddings.data.subarray(at * cols, (at + 1) * cols),
      row * cols,
    );
  return {
    ids: rows.map(({ id }) => id),
    embeddings: { data, rows: rows.length, cols },
    ...(copies && { parents: rows.map(({ id, item }) => (id === item.id ? null : item.id)) }),
    identities: rows.map(({ id, item }) => (id === item.id ? (item.identity ?? null) : null)),
    failures: made.failures ?? [],
  };
}
