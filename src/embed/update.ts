/** A store brought up to date: what is still the same is taken over, the rest embedded, and the result put in its place. */

import { rename, rmdir } from 'node:fs/promises';
import type { Backbone } from '../backbone/index.js';
import { EquipoiseError } from '../core/errors.js';
import type { Dataset } from '../core/item.js';
import {
  EmbeddedRows,
  openStore,
  readManifest,
  removeStore,
  withPublished,
  type EmbeddingStore,
  type Manifest,
} from '../store/index.js';
import { embed, type EmbedOptions } from './embed.js';
import { openJob } from './job.js';

/** @throws ERR_DATA where other items than the failed ones are not what they were. */
async function assertOnlyFailedChanged(dataset: Dataset, known: EmbeddedRows, manifest: Manifest): Promise<void> {
  const failed = new Set(manifest.shards.flatMap(({ failures }) => failures.map(({ id }) => id)));
  const refuse = (found: string) =>
    new EquipoiseError(
      'ERR_DATA',
      `Expected the items that were embedded before but ${found}. Take over such changes with --update`,
    );
  let seen = 0;
  let shard = 0;
  for await (const { id, identity } of dataset) {
    const place = seen++;
    while (place >= (manifest.shards[shard]?.end ?? Infinity)) shard++;
    // A run that ended early never came to the items behind.
    const tried = place >= (manifest.shards[shard]?.start ?? Infinity);
    if (tried && !failed.has(id) && !known.has(id, identity ?? null))
      throw refuse(`${JSON.stringify(id)} is new or changed`);
  }
  if (seen !== manifest.dataset.count) throw refuse(`there are ${seen} of ${manifest.dataset.count}`);
}

/** Removes what a store that was replaced left; files that are none of a store's own stay. */
async function removeAside(aside: string): Promise<void> {
  if (!(await readManifest(aside))) return;
  await removeStore(aside);
  for (const folder of [`${aside}/splits`, aside]) await rmdir(folder).catch(() => undefined);
}

/**
 * The new store is made beside the old one, as `out`.next, and is resumed there; then it takes the place of the old one, which
 * until then is as it was.
 */
export async function updateStore(
  dataset: Dataset,
  backbone: Backbone | null,
  options: EmbedOptions,
  failedOnly: boolean,
): Promise<EmbeddingStore> {
  const { out } = options;
  const [next, aside] = [`${out}.next`, `${out}.before`];
  // A kill between two renames leaves the old store aside.
  const dir = (await readManifest(out)) ? out : aside;
  const listed = await readManifest(dir);
  if (!listed)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a store to bring up to date in ${out} but there is none. Leave --update and --retry-failed out`,
    );
  if (dir === out) await removeAside(aside);
  await assertSameRecipe(out, listed, dataset, backbone, options);
  const before = await withPublished(dir, listed);
  const known = await EmbeddedRows.of(dir, before);
  if (failedOnly) await assertOnlyFailedChanged(dataset, known, before);
  const failed = before.shards.some(({ failures }) => failures.length > 0);
  const sameShards = (options.shardSize ?? before.shardRows) === before.shardRows;
  const current = before.complete && before.dataset.fingerprint === dataset.fingerprint;
  // Nothing to do: its splits stay, too.
  if (dir === out && current && sameShards && !failed) return openStore(out);
  const begun = await readManifest(next);
  const same = begun?.dataset.fingerprint === dataset.fingerprint;
  if (!same || !begun?.complete) {
    const { dtype = before.dtype, shardSize = before.shardRows } = options;
    await embed(dataset, backbone, { ...options, dtype, shardSize, out: next, known, overwrite: !same });
  }
  if (dir === out) await rename(out, aside);
  await rename(next, out);
  await removeAside(aside);
  return openStore(out);
}

/** @throws ERR_INTEGRITY where rows of the old store and new ones would not go together. */
async function assertSameRecipe(
  out: string,
  before: Manifest,
  dataset: Dataset,
  backbone: Backbone | null,
  options: EmbedOptions,
): Promise<void> {
  const { store } = await openJob(dataset, backbone, options);
  const nameOf = (made: { id: string; recipeHash: string } | null) =>
    made ? `${made.id}@${made.recipeHash}` : 'no backbone';
  const compared: [what: string, was: unknown, is: unknown][] = [
    ['backbone', nameOf(before.backbone), nameOf(store.backbone)],
    ['dtype', before.dtype, options.dtype ?? before.dtype],
    ['copies of items', before.augmentation ?? 'none', store.augmentation ?? 'none'],
    ['resampled rows', before.resampled, false],
  ];
  for (const [what, was, is] of compared)
    if (JSON.stringify(was) !== JSON.stringify(is))
      throw new EquipoiseError(
        'ERR_INTEGRITY',
        `${out} has ${what}: ${typeof was === 'string' ? was : JSON.stringify(was)}, but this run has ${typeof is === 'string' ? is : JSON.stringify(is)}. Run it with the same, choose another folder, or replace the store with --overwrite`,
      );
}
