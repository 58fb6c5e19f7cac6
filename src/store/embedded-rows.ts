/** The embeddings of a store by the ids of their items, for a run that takes over what is still the same. */

import type { Manifest } from './manifest.js';
import { readShard, widen } from './shard.js';

interface Place {
  readonly shard: number;
  readonly row: number;
  readonly identity: string | null;
}

export class EmbeddedRows {
  readonly #dir: string;
  readonly #manifest: Manifest;
  readonly #places: ReadonlyMap<string, Place>;
  #open: { readonly shard: number; readonly values: Float32Array } | undefined;

  private constructor(dir: string, manifest: Manifest, places: ReadonlyMap<string, Place>) {
    this.#dir = dir;
    this.#manifest = manifest;
    this.#places = places;
  }

  /** @throws ERR_INTEGRITY for a shard that is missing or damaged. */
  static async of(dir: string, manifest: Manifest): Promise<EmbeddedRows> {
    const places = new Map<string, Place>();
    for (const [shard, entry] of manifest.shards.entries()) {
      const { table } = await readShard(dir, entry, manifest);
      const identities = table.names.includes('identity') ? table.strings('identity') : undefined;
      for (const [row, id] of table.strings('id').entries())
        places.set(id as string, { shard, row, identity: identities?.[row] ?? null });
    }
    return new EmbeddedRows(dir, manifest, places);
  }

  get ids(): IterableIterator<string> {
    return this.#places.keys();
  }

  /** Whether there is an embedding of an item with this content. Copies have no identity: null. */
  has(id: string, identity: string | null): boolean {
    return this.#places.get(id)?.identity === identity;
  }

  /** The numbers of a row that is there, (dim). Asked for in the order of the store, each shard is read once. */
  async vector(id: string): Promise<Float32Array> {
    const { shard, row } = this.#places.get(id) as Place;
    if (this.#open?.shard !== shard) {
      const entry = this.#manifest.shards[shard] as Manifest['shards'][number];
      this.#open = { shard, values: widen((await readShard(this.#dir, entry, this.#manifest)).values) };
    }
    const { dim } = this.#manifest;
    return this.#open.values.subarray(row * dim, (row + 1) * dim);
  }
}
