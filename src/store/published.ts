/**
 * Shards that several processes write into one folder. Each says in a small file beside its shard what the manifest is to
 * list; whoever finishes the store lists them all. So nobody has to ask anybody, and the folder alone tells what is done.
 */

import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readBytes, writeAtomically } from './files.js';
import { isShardEntry, type Manifest, type ShardEntry } from './manifest.js';

const extension = '.entry.json';

export const isPublished = (name: string): boolean => /^shard-\d{5,}\.entry\.json$/.test(name);

const nameOf = (file: string): string => file.replace(/\.arrow$/, extension);

/** Tells every process with the same folder that a shard is done, lasting once the promise resolves. */
export async function publishShard(dir: string, entry: ShardEntry): Promise<void> {
  await writeAtomically(join(dir, nameOf(entry.file)), [new TextEncoder().encode(`${JSON.stringify(entry)}\n`)]);
}

/** The manifest as if it listed every shard that is done, in this process or another. */
export async function withPublished(dir: string, manifest: Manifest): Promise<Manifest> {
  const shards = [...manifest.shards, ...(await publishedShards(dir, manifest))];
  return { ...manifest, shards: shards.sort((a, b) => a.start - b.start) };
}

/** Shards that are whole but not in the manifest; what does not fit, or has lost its file, is none and will be made again. */
async function publishedShards(dir: string, manifest: Manifest): Promise<ShardEntry[]> {
  const listed = new Set(manifest.shards.map(({ file }) => file));
  const found: ShardEntry[] = [];
  for (const name of (await readdir(dir)).filter(isPublished).sort()) {
    const bytes = await readBytes(join(dir, name));
    let entry: unknown;
    try {
      entry = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      continue;
    }
    if (!isShardEntry(entry) || nameOf(entry.file) !== name || listed.has(entry.file)) continue;
    const size = await stat(join(dir, entry.file)).then(
      (file) => file.size,
      () => undefined,
    );
    if (size === entry.bytes) found.push(entry);
  }
  return found;
}

/** Once the manifest lists them. */
export async function removePublished(dir: string): Promise<void> {
  for (const name of (await readdir(dir)).filter(isPublished)) await rm(join(dir, name), { force: true });
}
