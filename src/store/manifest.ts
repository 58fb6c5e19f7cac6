/** What a store says about itself: `manifest.json`. */

import { join } from 'node:path';
import type { Column, Part } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import type { Modality } from '../core/item.js';
import { readBytes, writeAtomically } from './files.js';

export const MANIFEST = 'manifest.json';
const FORMAT = 'equipoise-store';
/** The major number changes when an older reader would misread; a minor one only adds keys. */
const FORMAT_VERSION = '1.0';

export type Dtype = 'float32' | 'float16';

/** An item that has no embedding, and why. */
export interface Failure {
  readonly id: string;
  readonly source: string;
  readonly reason: string;
  /** The item it was to be a copy of; absent for an item of the dataset. */
  readonly parent?: string;
}

export interface ShardEntry {
  readonly file: string;
  /** Items start … end − 1 of the dataset's order. */
  readonly start: number;
  readonly end: number;
  /** Fewer than the items when some failed, more when some were augmented. */
  readonly rows: number;
  readonly sha256: string;
  readonly bytes: number;
  readonly failures: readonly Failure[];
}

/** How much goes through the backbone at once. */
export interface BatchBounds {
  readonly items: number;
  /** Padding included; for texts. */
  readonly tokens?: number;
}

export interface Manifest {
  readonly format: typeof FORMAT;
  readonly formatVersion: string;
  readonly dataset: { readonly fingerprint: string; readonly count: number };
  readonly modality: Modality;
  /** Null where the rows are a table's own numbers or came from elsewhere. */
  readonly backbone: { readonly id: string; readonly recipeHash: string; readonly sha256: string } | null;
  readonly dim: number;
  readonly dtype: Dtype;
  /** The class table: fixed before the first shard, it may only grow at its end. */
  readonly classNames: readonly string[];
  readonly columns: readonly Column[] | null;
  /** How copies of each item were made and embedded beside it. */
  readonly augmentation?: Readonly<Record<string, unknown>>;
  /** Absent where no backbone ran. */
  readonly batch?: BatchBounds;
  /** Items a shard. */
  readonly shardRows: number;
  /** Rows made by a sampler are among them: not to be split or evaluated. */
  readonly resampled: boolean;
  /** The part of a split that all rows are of, where the store was written from one. */
  readonly part: Part | null;
  /** Where it was begun. */
  readonly environment: { readonly processor: string; readonly runtime: string; readonly threads: number };
  readonly shards: readonly ShardEntry[];
  readonly complete: boolean;
}

/** The keys that do not change while a store is written. */
export type ManifestHead = Omit<Manifest, 'format' | 'formatVersion' | 'shards' | 'complete'>;

export function newManifest(head: ManifestHead): Manifest {
  return { format: FORMAT, formatVersion: FORMAT_VERSION, ...head, shards: [], complete: false };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown): value is string => typeof value === 'string';
const isTextArray = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

/** The first thing wrong with a manifest of this major version; unknown keys are not. */
function fault(raw: Record<string, unknown>): string | undefined {
  const { dataset, backbone, shards, environment } = raw;
  if (!isObject(dataset) || !isText(dataset['fingerprint']) || !isCount(dataset['count'])) return 'dataset';
  if (backbone !== null && !(isObject(backbone) && isText(backbone['id']) && isText(backbone['recipeHash'])))
    return 'backbone';
  if (!isCount(raw['dim']) || raw['dim'] === 0) return 'dim';
  if (raw['dtype'] !== 'float32' && raw['dtype'] !== 'float16') return 'dtype';
  if (!isTextArray(raw['classNames'])) return 'classNames';
  if (raw['columns'] !== null && !Array.isArray(raw['columns'])) return 'columns';
  if (!isCount(raw['shardRows']) || raw['shardRows'] === 0) return 'shardRows';
  if (!isText(raw['modality'])) return 'modality';
  if (typeof raw['complete'] !== 'boolean') return 'complete';
  if (typeof raw['resampled'] !== 'boolean') return 'resampled';
  if (!isObject(environment)) return 'environment';
  if (!Array.isArray(shards) || !shards.every(isShardEntry)) return 'shards';
  return undefined;
}

export function isShardEntry(shard: unknown): shard is ShardEntry {
  return (
    isObject(shard) &&
    [shard['start'], shard['end'], shard['rows'], shard['bytes']].every(isCount) &&
    isText(shard['sha256']) &&
    // A manifest names files of its own folder, never a path.
    isText(shard['file']) &&
    /^shard-\d{5,}\.arrow$/.test(shard['file']) &&
    Array.isArray(shard['failures'])
  );
}

/**
 * The manifest of a folder; undefined where there is none, or the `manifest.json` of something else.
 * @throws ERR_INTEGRITY when it is damaged or of a newer major version.
 */
export async function readManifest(dir: string): Promise<Manifest | undefined> {
  const bytes = await readBytes(join(dir, MANIFEST));
  if (!bytes) return undefined;
  const raw = parseJson(bytes);
  if (!isObject(raw) || raw['format'] !== FORMAT) return undefined;
  const version = String(raw['formatVersion']);
  if (version.split('.')[0] !== FORMAT_VERSION.split('.')[0])
    throw new EquipoiseError(
      'ERR_INTEGRITY',
      `Expected a store of format ${FORMAT_VERSION.split('.')[0]}.x in ${dir} but it is ${version}. Open it with the version of equipoise that wrote it, or a newer one`,
    );
  const key = fault(raw);
  if (key !== undefined)
    throw new EquipoiseError('ERR_INTEGRITY', `${join(dir, MANIFEST)} is damaged: "${key}" is missing or not valid`);
  return raw as unknown as Manifest;
}

export async function writeManifest(dir: string, manifest: Manifest): Promise<void> {
  await writeAtomically(join(dir, MANIFEST), [new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`)]);
}
