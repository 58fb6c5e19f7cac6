/** Making a store shard by shard, so that a run killed at any byte loses only the shard it was writing. */

import { cpus } from 'node:os';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column, Part } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { namesOf, type Modality } from '../core/item.js';
import type { Dense } from '../core/matrix.js';
import { isPartial, removePartials, systemCode, writeAtomically } from './files.js';
import {
  MANIFEST,
  newManifest,
  readManifest,
  writeManifest,
  type BatchBounds,
  type Dtype,
  type Failure,
  type Manifest,
  type ManifestHead,
  type ShardEntry,
} from './manifest.js';
import { PROVENANCE } from './provenance.js';
import { isPublished, removePublished, withPublished } from './published.js';
import { ROWS, writeRows, type Row } from './rows.js';
import { checkShardSize, readShard, shardFile, writeShardFile } from './shard.js';
import { SPLITS } from './split-file.js';
import { openStore, type EmbeddingStore } from './store.js';

export const FAILURES = 'failures.jsonl';

/** One shard is one read and one view; this keeps both far from the 2 GiB where Node 20 has limits. */
const MAX_SHARD_BYTES = 2 ** 30;

export interface CreateStoreOptions {
  /** Tells whether the input changed between a run and its continuation. */
  readonly datasetFingerprint: string;
  /** Items of the dataset. */
  readonly count: number;
  readonly modality: Modality;
  /** Null for tables and imports; then `columns` or `dim` gives the width. */
  readonly backbone: { id: string; recipeHash: string; sha256: string; dim: number } | null;
  readonly dim?: number;
  readonly classNames: readonly string[];
  readonly columns?: readonly Column[];
  /** How copies of each item are made, plain JSON; another one is another store. */
  readonly augmentation?: object;
  /** Bounds of what goes through the backbone at once; with others, vectors may differ by rounding, and shards would not go together. */
  readonly batch?: BatchBounds;
  /** What embeddings are stored as; float16 halves the disk and keeps 11 significant bits. Default float32. */
  readonly dtype?: Dtype;
  /** Items a shard, default 8192; small: many files; large: more is lost when a run is killed. */
  readonly shardRows?: number;
  /** Replaces a store that is there; other files in the folder stay. */
  readonly overwrite?: boolean;
  /** Other processes write into the folder too: what they have half written stays. */
  readonly shared?: boolean;
  /** What computes the embeddings, with its version. */
  readonly runtime?: string;
  readonly threads?: number;
  /** Rows made by a sampler are among them. */
  readonly resampled?: boolean;
  /** All rows are of this part of a split. */
  readonly part?: Part;
}

const KNOWN_OPTIONS = [
  'datasetFingerprint',
  'count',
  'modality',
  'backbone',
  'dim',
  'classNames',
  'columns',
  'augmentation',
  'batch',
  'dtype',
  'shardRows',
  'overwrite',
  'shared',
  'runtime',
  'threads',
  'resampled',
  'part',
];

/** A shard to be or that is: items start … end − 1. */
export interface ShardRange {
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly done: boolean;
}

export interface ShardContent {
  readonly ids: readonly string[];
  /** (rows, dim) float32. */
  readonly embeddings: Dense;
  /** The id each row was augmented from, null for an original. */
  readonly parents?: readonly (string | null)[];
  /** What tells whether an item is still the one that was embedded: `Item.identity`. */
  readonly identities?: readonly (string | null)[];
  readonly failures?: readonly Failure[];
}

function headOf(options: CreateStoreOptions): ManifestHead {
  for (const name of Object.keys(options))
    if (!KNOWN_OPTIONS.includes(name))
      throw new EquipoiseError(
        'ERR_OPTION',
        `Unknown option createStore.${name}. Known options: ${KNOWN_OPTIONS.join(', ')}`,
      );
  const { backbone, columns, dtype = 'float32', shardRows = 8192, count, classNames } = options;
  const dim = backbone?.dim ?? options.dim ?? columns?.length;
  const positive = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;
  if (!positive(dim)) throw expected('a width: backbone.dim, dim or columns', 'createStore.dim', dim);
  if (!positive(count)) throw expected('integer >= 1', 'createStore.count', count);
  if (dtype !== 'float32' && dtype !== 'float16') throw expected('float32 or float16', 'createStore.dtype', dtype);
  const most = Math.floor(MAX_SHARD_BYTES / (4 * dim));
  if (!positive(shardRows) || shardRows > most)
    throw expected(`integer from 1 to ${most} (1 GiB of ${dim} numbers a row)`, 'createStore.shardRows', shardRows);
  if (columns && columns.length !== dim)
    throw new EquipoiseError('ERR_SHAPE', `columns has ${columns.length} entries but rows have ${dim} numbers`);
  if (new Set(classNames).size !== classNames.length)
    throw new EquipoiseError('ERR_DATA', `classNames repeats a name: ${classNames.join(', ')}`);
  return {
    dataset: { fingerprint: options.datasetFingerprint, count },
    modality: options.modality,
    backbone: backbone && { id: backbone.id, recipeHash: backbone.recipeHash, sha256: backbone.sha256 },
    dim,
    dtype,
    classNames: [...classNames],
    columns: columns ? [...columns] : null,
    ...(options.augmentation && { augmentation: { ...options.augmentation } }),
    ...(options.batch && { batch: { ...options.batch } }),
    shardRows,
    resampled: options.resampled ?? false,
    part: options.part ?? null,
    environment: {
      processor: cpus()[0]?.model ?? 'unknown',
      runtime: options.runtime ?? `node ${process.versions.node}`,
      threads: options.threads ?? 1,
    },
  };
}

async function list(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') throw expected('a folder', 'the store', dir, 'There is a file of that name');
    throw error;
  }
}

const isStoreFile = (name: string): boolean =>
  [MANIFEST, ROWS, PROVENANCE, FAILURES].includes(name) ||
  /^shard-\d{5,}\.arrow$/.test(name) ||
  isPublished(name) ||
  isPartial(name);

/** Removes the files of a store and nothing else; the manifest last, so that a killed removal can be repeated. */
export async function removeStore(dir: string): Promise<void> {
  const splits = join(dir, SPLITS);
  for (const name of await list(splits).catch(() => []))
    if (name.endsWith('.arrow') || isPartial(name)) await rm(join(splits, name));
  for (const name of await list(dir)) if (isStoreFile(name) && name !== MANIFEST) await rm(join(dir, name));
  await rm(join(dir, MANIFEST), { force: true });
}

/** Refuses to continue a store whose rows would not go with the new ones. */
function checkSame(dir: string, before: Manifest, now: ManifestHead): void {
  const differs = (what: string, was: unknown, is: unknown): void => {
    if (JSON.stringify(was) === JSON.stringify(is)) return;
    const changed = what === 'dataset fingerprint' && before.backbone !== null;
    const advice = `${changed ? 'Keep what is still the same with --update, choose' : 'Finish it as it was begun, choose'} another folder, or start anew with --overwrite`;
    const short = (value: unknown): string => {
      const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none');
      return text.length > 100 ? `${text.slice(0, 97)}...` : text;
    };
    throw new EquipoiseError(
      'ERR_INTEGRITY',
      `${dir} holds an unfinished store with ${what} ${short(was)} but this run has ${short(is)}. ${advice}`,
    );
  };
  differs('dataset fingerprint', before.dataset.fingerprint, now.dataset.fingerprint);
  differs('item count', before.dataset.count, now.dataset.count);
  differs('class table', before.classNames, now.classNames);
  for (const key of [
    'modality',
    'dim',
    'dtype',
    'shardRows',
    'columns',
    'augmentation',
    'batch',
    'resampled',
    'part',
  ] as const)
    differs(key, before[key], now[key]);
}

function checkBackbone(dir: string, before: Manifest, now: ManifestHead): void {
  if (before.backbone?.recipeHash === now.backbone?.recipeHash) return;
  const name = ({ backbone }: ManifestHead | Manifest): string =>
    backbone ? `${backbone.id}@${backbone.recipeHash}` : 'no backbone';
  const what = before.shards.length > 0 ? (before.shards[0] as ShardEntry).file : dir;
  throw new EquipoiseError(
    'ERR_INTEGRITY',
    `${what} was embedded with ${name(before)} but this run uses ${name(now)} (${dir}). Choose another folder, or replace the store with --overwrite`,
  );
}

/** Every shard that a store has or is to have. */
export function shardRanges({ dataset, shardRows, shards }: Manifest): ShardRange[] {
  const done = new Set(shards.map((shard) => shard.start));
  return Array.from({ length: Math.ceil(dataset.count / shardRows) }, (_, index) => {
    const start = index * shardRows;
    return { index, start, end: Math.min(dataset.count, start + shardRows), done: done.has(start) };
  });
}

/**
 * Writes the file of shard `index`, lasting once the promise resolves, and says what the manifest is to list. The manifest
 * itself stays as it is, so that any number of processes may write shards of one store. The same content gives the same bytes.
 *
 * @throws ERR_DATA for NaN or infinity, naming the row; ERR_SHAPE when items are unaccounted for; ERR_OPTION for a shard that
 *   is listed already; ERR_ENVIRONMENT when the disk is full.
 */
export async function writeShard(
  { dir, manifest }: { readonly dir: string; readonly manifest: Manifest },
  index: number,
  content: ShardContent,
): Promise<ShardEntry> {
  const { ids, embeddings, parents, identities, failures = [] } = content;
  const ranges = shardRanges(manifest);
  const range = ranges[index];
  if (!range || range.done) throw expected(`a shard to do, from 0 to ${ranges.length - 1}`, 'writeShard.index', index);
  const items = range.end - range.start;
  // A copy made by augmentation is no item of the dataset, unless the dataset itself lists copies.
  const originals = ids.length - (parents?.filter((parent) => parent !== null).length ?? 0);
  const failed = failures.filter(({ parent }) => parent === undefined).length;
  if (embeddings.rows !== ids.length || (parents && parents.length !== ids.length))
    throw new EquipoiseError(
      'ERR_SHAPE',
      `Shard ${index} has ${ids.length} ids but ${embeddings.rows} rows${parents ? ` and ${parents.length} parents` : ''}`,
    );
  if (embeddings.cols !== manifest.dim)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `Shard ${index} has ${embeddings.cols} numbers a row but the store has ${manifest.dim}`,
    );
  if (originals + failed !== items && ids.length + failures.length !== items)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `Shard ${index} covers items ${range.start} to ${range.end - 1} (${items}) but accounts for ${originals} embedded and ${failed} failed`,
    );
  const rows = { ids, embeddings, ...(parents && { parents }), ...(identities && { identities }) };
  const written = await writeShardFile(dir, index, rows, manifest.dtype);
  return {
    file: written.file,
    start: range.start,
    end: range.end,
    rows: ids.length,
    sha256: written.sha256,
    bytes: written.bytes,
    failures: [...failures],
  };
}

/** Writes the shards of one store, in any order; calls may overlap and are done one after the other. */
export class StoreWriter {
  readonly dir: string;
  #manifest: Manifest;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** For `createStore`, which has checked that the folder is free for it. */
  constructor(dir: string, manifest: Manifest) {
    this.dir = dir;
    this.#manifest = manifest;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  get dim(): number {
    return this.#manifest.dim;
  }

  /** All shards of the store, those of an earlier run `done`. */
  shards(): ShardRange[] {
    return shardRanges(this.#manifest);
  }

  /** Calls overlap freely because each waits for the one before; a failed one holds up nobody. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed)
      throw new EquipoiseError('ERR_OPTION', `The store in ${this.dir} was already finished or given up`);
    const turn = this.#queue.catch(() => undefined).then(work);
    this.#queue = turn;
    return turn;
  }

  /**
   * Writes shard `index` and lists it, lasting once the promise resolves: `writeShard`, then `addShard`.
   * @throws as these.
   */
  writeShard(index: number, content: ShardContent): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#list(await writeShard(this, index, content));
      } catch (error) {
        // A shard that the manifest does not list yet stays: the next run writes it again in its place.
        throw this.#withSafeCount(error, shardFile(index));
      }
    });
  }

  /**
   * Lists a shard that was written, here or by another process.
   * @throws ERR_OPTION for one that is listed already or is none of the store; ERR_ENVIRONMENT when the disk is full, with
   *   the shards before it safe.
   */
  addShard(entry: ShardEntry): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#list(entry);
      } catch (error) {
        throw this.#withSafeCount(error, entry.file);
      }
    });
  }

  async #list(entry: ShardEntry): Promise<void> {
    const range = this.shards().find(({ start }) => start === entry.start);
    if (!range || range.done || range.end !== entry.end || entry.file !== shardFile(range.index))
      throw expected('a shard of the store that is still to do', 'addShard', entry.file);
    const shards = [...this.#manifest.shards, entry].sort((a, b) => a.start - b.start);
    await this.#update({ ...this.#manifest, shards });
  }

  async #update(manifest: Manifest): Promise<void> {
    await writeManifest(this.dir, manifest);
    this.#manifest = manifest;
  }

  #withSafeCount(error: unknown, file: string): unknown {
    if (!(error instanceof EquipoiseError) || error.code !== 'ERR_ENVIRONMENT') return error;
    const full = ['ENOSPC', 'EDQUOT'].includes(systemCode(error.cause) ?? '');
    return new EquipoiseError(
      'ERR_ENVIRONMENT',
      `${full ? `No space left on the disk of ${this.dir} while writing ${file}` : error.message}. ${this.#manifest.shards.length} of ${this.shards().length} shards are safe; ${full ? 'free some space' : 'repair the cause'} and run the same command again, it resumes there`,
      { cause: error.cause },
    );
  }

  /**
   * Writes what is known of the rows and marks the store complete.
   * @param rows one for each embedded row, in any order; those of failed items may be among them and are left out.
   * @throws ERR_DATA for ids that repeat, are missing or unknown, and for labels outside the class table.
   */
  finish({ rows }: { readonly rows: readonly Row[] }): Promise<EmbeddingStore> {
    return this.#inTurn(async () => {
      const { shards, classNames } = this.#manifest;
      const missing = this.shards().filter((shard) => !shard.done);
      if (missing.length > 0)
        throw new EquipoiseError(
          'ERR_DATA',
          `${this.dir} still lacks ${missing
            .map(({ index }) => shardFile(index))
            .slice(0, 5)
            .join(', ')} (${missing.length} shards). Write them before finishing`,
        );
      const byId = new Map(rows.map((row) => [row.id, row]));
      if (byId.size !== rows.length)
        throw repeated(
          rows.map((row) => row.id),
          'Row ids',
        );
      const known = new Set(classNames);
      const ids: string[] = [];
      for (const entry of shards)
        for (const id of (await readShard(this.dir, entry, this.#manifest)).table.strings('id')) ids.push(id as string);
      const embedded = new Set(ids);
      if (embedded.size !== ids.length) throw repeated(ids, 'Ids of embeddings');
      const failed = new Set(shards.flatMap((shard) => shard.failures.map((failure) => failure.id)));
      const stray = rows.find((row) => !embedded.has(row.id) && !failed.has(row.id));
      if (stray)
        throw new EquipoiseError('ERR_DATA', `Row ${JSON.stringify(stray.id)} has neither an embedding nor a failure`);
      const ordered = ids.map((id) => {
        const row = byId.get(id);
        if (!row)
          throw new EquipoiseError('ERR_DATA', `The embedding of ${JSON.stringify(id)} has no row with its label`);
        const unknown = namesOf(row.label).find((name) => !known.has(name));
        if (unknown !== undefined)
          throw new EquipoiseError(
            'ERR_DATA',
            `Row ${JSON.stringify(id)} has label ${JSON.stringify(unknown)}, which is not in the class table: ${classNames.slice(0, 12).join(', ')}`,
          );
        if (row.weight !== undefined && !(row.weight >= 0 && row.weight < Infinity))
          throw new EquipoiseError(
            'ERR_DATA',
            `Expected a finite weight >= 0 for row ${JSON.stringify(id)} but received ${row.weight}`,
          );
        return row;
      });
      try {
        await writeRows(this.dir, ordered);
        await this.writeFailures();
        await this.#update({ ...this.#manifest, complete: true });
        await removePublished(this.dir);
        // Of processes that were killed, or are late with what is there already.
        await removePartials(this.dir);
      } catch (error) {
        throw this.#withSafeCount(error, ROWS);
      }
      this.#closed = true;
      return openStore(this.dir);
    });
  }

  /** Writes `failures.jsonl`, one line a failure; nothing where none failed. `finish` does it too. */
  async writeFailures(): Promise<void> {
    const failures = this.#manifest.shards.flatMap((shard) => shard.failures);
    if (failures.length === 0) return;
    const lines = failures.map((failure) => new TextEncoder().encode(`${JSON.stringify(failure)}\n`));
    await writeAtomically(join(this.dir, FAILURES), lines);
  }

  /** Gives up for now: waits for the shard being written, and leaves a store that the same call of `createStore` resumes. */
  async abandon(): Promise<void> {
    this.#closed = true;
    await this.#queue.catch(() => undefined);
    await removePartials(this.dir);
  }
}

/** For a list of ids that is known to repeat one. */
export function repeated(ids: readonly string[], what: string): EquipoiseError {
  const seen = new Set<string>();
  const twice = ids.find((id) => seen.size === seen.add(id).size);
  return new EquipoiseError('ERR_DATA', `${what} must be unique but ${JSON.stringify(twice)} occurs more than once`);
}

/**
 * Begins a store in `dir`, or continues the unfinished one that the same call began.
 *
 * @throws ERR_OPTION for a folder that holds something else, or a finished store without `overwrite` (nothing is touched);
 *   ERR_INTEGRITY for a store of another backbone recipe, dataset or layout.
 *
 * @example
 * const writer = await createStore('flowers.store', { datasetFingerprint, count: 1000, modality: 'image', backbone, classNames });
 * for (const { index, start, end, done } of writer.shards())
 *   if (!done) await writer.writeShard(index, await embedItems(start, end));
 * const store = await writer.finish({ rows });
 */
export async function createStore(dir: string, options: CreateStoreOptions): Promise<StoreWriter> {
  const head = headOf(options);
  const before = await look(dir);
  if (before && options.overwrite) await removeStore(dir);
  else if (before) {
    checkContinues(dir, before, head);
    if (!options.shared) await removePartials(dir);
    for (const entry of before.shards) await checkShardSize(dir, entry);
    return new StoreWriter(dir, await withPublished(dir, before));
  }
  await removePartials(dir);
  const manifest = newManifest(head);
  await writeManifest(dir, manifest);
  return new StoreWriter(dir, manifest);
}

/**
 * Joins the processes that write the store in `dir`, beginning it where nobody has yet. Write shards with `writeShard`, tell
 * the others with `publishShard`; nothing of theirs is touched. `createStore` with the same options takes all and finishes.
 *
 * @throws as `createStore`; a finished store is one too.
 */
export async function joinStore(
  dir: string,
  options: Omit<CreateStoreOptions, 'overwrite'>,
): Promise<{ readonly dir: string; readonly manifest: Manifest }> {
  const head = headOf(options);
  if (!(await look(dir))) await writeManifest(dir, newManifest(head));
  // Read again: of several that begin it at the same moment, the last one stays.
  const manifest = (await readManifest(dir)) as Manifest;
  checkContinues(dir, manifest, head);
  return { dir, manifest };
}

/** The manifest in a folder that is made if need be; undefined where a store can begin. */
async function look(dir: string): Promise<Manifest | undefined> {
  try {
    await mkdir(dir, { recursive: true });
  } catch (error) {
    if (systemCode(error) === 'EEXIST' || systemCode(error) === 'ENOTDIR')
      throw expected('a folder', 'the store', dir, 'There is a file of that name');
    throw new EquipoiseError('ERR_ENVIRONMENT', `Cannot make ${dir}: ${(error as Error).message}`, { cause: error });
  }
  const before = await readManifest(dir);
  // Without a manifest, only what a run leaves that was killed before its first may be here.
  const foreign = before ? [] : (await list(dir)).filter((name) => !isPartial(name));
  if (foreign.length > 0)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a new or empty folder for the store but ${dir} holds ${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ` and ${foreign.length - 3} more` : ''}. Nothing was touched; choose another folder`,
    );
  return before;
}

function checkContinues(dir: string, before: Manifest, head: ManifestHead): void {
  checkBackbone(dir, before, head);
  if (before.complete)
    throw new EquipoiseError(
      'ERR_OPTION',
      before.dataset.fingerprint === head.dataset.fingerprint
        ? `${dir} holds a finished store of ${before.dataset.count} items. Open it, choose another folder, or replace it with --overwrite`
        : `${dir} holds a finished store of ${before.dataset.count} items that are not the ${head.dataset.count} of this run. ${before.backbone ? 'Embed what is new or changed with --update, choose' : 'Choose'} another folder, or replace it with --overwrite`,
    );
  checkSame(dir, before, head);
}

/** True when `path` is the folder of a store, finished or not. */
export async function isStore(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true && (await readManifest(path)) !== undefined;
}
