/** Reading a store, and changing what it says about rows without touching their embeddings. */

import {
  brand,
  brandResampled,
  compareNames,
  fromArrays,
  type DiskHeldOutSet,
  type DiskSet,
  type DiskTrainingSet,
  type EmbeddingSet,
  type HeldOutSet,
  type Part,
  type TrainingSet,
} from '../core/embedding-set.js';
import { EquipoiseError, expected, show } from '../core/errors.js';
import { namesOf, type Label, type Modality } from '../core/item.js';
import { assertFinite, matrix, type Matrix } from '../core/matrix.js';
import type { ArrowTable } from './arrow-table.js';
import { diskRows, type ShardPlace } from './disk-rows.js';
import { readManifest, writeManifest, type Failure, type Manifest } from './manifest.js';
import { readProvenance, type Provenance } from './provenance.js';
import { labelsIn, readRowTable, rowsOf, writeRows, type Row } from './rows.js';
import { copyRows, readShard, widen, type OpenShard } from './shard.js';
import { PARTS, readSplitFile, splitNames, writeSplitFile, type Split } from './split-file.js';

/** Rows start … of the store with their embeddings: one shard at a time fits in memory where all may not. */
export interface Window {
  readonly start: number;
  readonly ids: readonly string[];
  /** (rows, dim). */
  readonly embeddings: Matrix;
}

/** What may change in a row; null takes a value away. */
export interface RowChange {
  readonly label?: Label;
  readonly group?: string | null;
  readonly weight?: number | null;
  readonly source?: string;
}

export interface ReadOptions {
  readonly split?: string;
  /** Of that split. */
  readonly part?: Part;
}

export interface OnDiskOptions extends ReadOptions {
  readonly memoryBytes?: number;
}

export interface NewSplit {
  /** Null, or absent, for a split that was given, not drawn. */
  readonly seed?: number | null;
  /** A part for each id, or ids for each part; rows left out are in no part. */
  readonly parts: ReadonlyMap<string, Part> | Readonly<Partial<Record<Part, readonly string[]>>>;
  /** How it was made, for the record: plain JSON. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly overwrite?: boolean;
}

function refuseUnknownOptions(owner: string, rest: object, known: readonly string[]): void {
  for (const name of Object.keys(rest))
    throw new EquipoiseError('ERR_OPTION', `Unknown option ${owner}.${name}. Known options: ${known.join(', ')}`);
}

function unfinished(dir: string, { shards, shardRows, dataset }: Manifest): EquipoiseError {
  return new EquipoiseError(
    'ERR_DATA',
    `Expected a finished store in ${dir} but ${shards.length} of ${Math.ceil(dataset.count / shardRows)} shards are written. Run the command that began it again, with the same options: it resumes`,
  );
}

/** Fails when `rows.arrow` no longer lists a shard's rows in order: labels would go to the wrong embeddings. */
function checkAligned(dir: string, rows: ArrowTable, shard: OpenShard, at: number): void {
  const ours = rows.utf8Bytes('id');
  const theirs = shard.table.utf8Bytes('id');
  const count = shard.entry.rows;
  let same = rows.rows >= at + count;
  if (same && ours && theirs) {
    // Equal lengths and equal bytes are equal strings, and no string need be made to know it.
    const base = (ours.offsets[at] ?? 0) - (theirs.offsets[0] ?? 0);
    for (let i = 0; same && i <= count; i++) same = (ours.offsets[at + i] ?? 0) - (theirs.offsets[i] ?? 0) === base;
    const slice = ({ bytes, offsets }: typeof ours, from: number): Uint8Array =>
      bytes.subarray(offsets[from] ?? 0, offsets[from + count] ?? 0);
    same &&= Buffer.compare(slice(ours, at), slice(theirs, 0)) === 0;
  } else if (same) {
    const ids = rows.strings('id');
    same = shard.table.strings('id').every((id, i) => id === ids[at + i]);
  }
  if (same) return;
  throw new EquipoiseError(
    'ERR_INTEGRITY',
    `rows.arrow of ${dir} does not list the rows of ${shard.entry.file} in their order. Restore it; change labels with updateRows`,
  );
}

/** A finished store. Embeddings never change; labels, groups, weights and splits may. */
export class EmbeddingStore {
  readonly dir: string;
  #manifest: Manifest;

  /** For `openStore`. */
  constructor(dir: string, manifest: Manifest) {
    this.dir = dir;
    this.#manifest = manifest;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** The class table, in order: class id → name. */
  get classNames(): readonly string[] {
    return this.#manifest.classNames;
  }

  get dim(): number {
    return this.#manifest.dim;
  }

  get modality(): Modality {
    return this.#manifest.modality;
  }

  /** Rows with an embedding. */
  get count(): number {
    return this.#manifest.shards.reduce((sum, shard) => sum + shard.rows, 0);
  }

  /** True where a sampler made some of the rows: such a store is not split, and `evaluate` refuses it. */
  get resampled(): boolean {
    return this.#manifest.resampled;
  }

  async rows(): Promise<Row[]> {
    if (!this.#manifest.complete) throw unfinished(this.dir, this.#manifest);
    return rowsOf(await readRowTable(this.dir));
  }

  /** Items that have no embedding, with the reason. */
  failures(): Promise<Failure[]> {
    return Promise.resolve(this.#manifest.shards.flatMap((shard) => shard.failures));
  }

  /** What each synthetic row was made of; empty unless `resampled`. */
  provenance(): Promise<Provenance[]> {
    return readProvenance(this.dir);
  }

  /**
   * The labelled rows, in the order of the store, as one matrix; with `split` and `part`, those of that part, branded.
   *
   * Rows without a label are left out: a set has a class for each row. `windows` and `rows` have them. A row without a
   * group is a group of its own, one without a weight weighs 1.
   *
   * @throws ERR_OPTION for an unknown split, ERR_DATA when no row has a label, ERR_INTEGRITY for a missing or damaged file.
   *
   * @example
   * const train = await store.read({ split: 'default', part: 'train' });
   */
  read(options: { split: string; part: 'train' }): Promise<TrainingSet>;
  read(options: { split: string; part: 'validation' | 'test' }): Promise<HeldOutSet>;
  read(options?: ReadOptions): Promise<EmbeddingSet>;
  async read(options: ReadOptions = {}): Promise<EmbeddingSet> {
    const { split, part, ...rest } = options;
    refuseUnknownOptions('read', rest, ['split', 'part']);
    const { table, wanted, labelled } = await this.#select('read', split, part);
    const data = new Float32Array(wanted.length * this.dim);
    let next = 0;
    const parents = await this.#visitShards(table, wanted, undefined, (shard, rows, start) => {
      // Runs of neighbours at once.
      for (let i = 0; i < rows.length;) {
        const from = (rows[i] as number) - start;
        let length = 1;
        while (rows[i + length] === start + from + length) length++;
        copyRows(shard, this.dim, from, from + length, data, next);
        next += length;
        i += length;
      }
    });
    const embeddings = matrix(data, wanted.length, this.dim);
    assertFinite({ data, rows: wanted.length, cols: this.dim }, (row) => `Row ${row} (${show(labelled.ids[row])})`);
    return this.#branded({ ...labelled, embeddings, ...(parents && { parents }) }, part);
  }

  /**
   * The same rows as `read`, but their embeddings stay on disk: for stores that are larger than memory. Labels, ids and the like are in
   * memory, some hundred bytes a row. Search, samplers that only search, training, judging and audits take such a set and give the same
   * bytes as for one in memory; what needs all rows at once says so.
   *
   * Every shard that has such rows is read once and compared with its sha256; later reads trust that the files stay as they are.
   *
   * @param options.memoryBytes what a step may hold of the rows at a time; default 256 MiB. Small: the store is read more often.
   * @throws as `read`.
   *
   * @example
   * const train = await store.onDisk({ split: 'default', part: 'train', memoryBytes: 2 ** 30 });
   * const head = await trainHead(train, { strategy: 'eos' });
   */
  onDisk(options: OnDiskOptions & { split: string; part: 'train' }): Promise<DiskTrainingSet>;
  onDisk(options: OnDiskOptions & { split: string; part: 'validation' | 'test' }): Promise<DiskHeldOutSet>;
  onDisk(options?: OnDiskOptions): Promise<DiskSet>;
  async onDisk(options: OnDiskOptions = {}): Promise<DiskSet> {
    const { split, part, memoryBytes = 256 * 2 ** 20, ...rest } = options;
    refuseUnknownOptions('onDisk', rest, ['split', 'part', 'memoryBytes']);
    if (!Number.isSafeInteger(memoryBytes) || memoryBytes < 1)
      throw expected('integer >= 1', 'onDisk.memoryBytes', memoryBytes);
    const { table, wanted, labelled } = await this.#select('onDisk', split, part);
    const shards: ShardPlace[] = [];
    const memory = new ArrayBuffer(Math.max(0, ...this.#manifest.shards.map(({ bytes }) => bytes)));
    const parents = await this.#visitShards(table, wanted, memory, ({ entry, offset }, _, start) => {
      if (offset === undefined)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected the numbers of ${entry.file} in ${this.dir} in one piece, to read rows of it, but they are scattered. Use read, or make the store again`,
        );
      shards.push({ file: entry.file, offset, start, end: start + entry.rows });
    });
    const { dir, dim } = this;
    const rows = diskRows({ dir, dtype: this.#manifest.dtype, dim, shards, wanted, memoryBytes });
    return this.#branded({ ...labelled, rows, ...(parents && { parents }) }, part);
  }

  /** Which rows are read, and what is known of them besides their embeddings. */
  async #select(owner: string, split: string | undefined, part: Part | undefined) {
    if ((split === undefined) !== (part === undefined))
      throw expected(
        'both split and part, or neither',
        split === undefined ? `${owner}.split` : `${owner}.part`,
        undefined,
      );
    if (part !== undefined && !PARTS.includes(part))
      throw expected(`one of ${PARTS.join(', ')}`, `${owner}.part`, part);
    if (split !== undefined) this.#refuseSplitting();
    const parts = split === undefined ? undefined : (await readSplitFile(this.dir, split)).parts;
    const table = await this.#rowTable();
    const ids = table.strings('id');
    const labels = labelsIn(table);
    const wanted = new Int32Array(table.rows)
      .map((_, row) => row)
      .filter((row) => labels[row] !== null && (!parts || parts.get(ids[row] as string) === part));
    if (wanted.length === 0 && !parts)
      throw new EquipoiseError('ERR_DATA', `No row of ${this.dir} has a label. Give them some with updateRows`);
    const pick = <T>(values: readonly T[]): T[] => Array.from(wanted, (row) => values[row] as T);
    const groups = table.has('group') ? table.strings('group') : undefined;
    const weights = table.has('weight') ? table.numbers('weight') : undefined;
    const { columns } = this.#manifest;
    // Checked and counted as rows without columns: the embeddings come later.
    const { embeddings: _, ...labelled } = fromArrays(
      matrix(new Float32Array(0), wanted.length, 0),
      // Of no rows nobody can tell whether their labels would be lists.
      wanted.length === 0 && table.kindOf('label') !== 'strings'
        ? { data: [], shape: [0, this.classNames.length] }
        : (pick(labels) as readonly string[] | readonly (readonly string[])[]),
      {
        classNames: this.classNames,
        ids: pick(ids) as string[],
        ...(groups && { groups: pick(groups.map((group, row) => group ?? (ids[row] as string))) }),
        ...(weights && { weights: pick(weights.map((weight) => weight ?? 1)) }),
      },
    );
    return { table, wanted, labelled: { ...labelled, ...(columns && { columns: [...columns] }) } };
  }

  #branded<S extends EmbeddingSet | DiskSet>(set: S, part: Part | undefined): S {
    if (this.resampled) return brandResampled(set);
    const declared = part ?? this.#manifest.part;
    return declared === null ? set : (brand(set, declared) as S);
  }

  async #rowTable(): Promise<ArrowTable> {
    if (!this.#manifest.complete) throw unfinished(this.dir, this.#manifest);
    const table = await readRowTable(this.dir);
    if (table.rows !== this.count)
      throw new EquipoiseError(
        'ERR_INTEGRITY',
        `rows.arrow of ${this.dir} has ${table.rows} rows but the shards have ${this.count}. Restore it; change labels with updateRows`,
      );
    return table;
  }

  /**
   * Reads and checks, in order, the shards that have some of the wanted rows (ascending); returns the parents of these, where shards name some.
   * @param memory for one shard after the other, where none is kept.
   * @param visit is told which wanted rows the shard has, and its first row.
   */
  async #visitShards(
    table: ArrowTable,
    wanted: Int32Array,
    memory: ArrayBuffer | undefined,
    visit: (shard: OpenShard, rows: Int32Array, start: number) => void,
  ): Promise<(string | null)[] | undefined> {
    let parents: (string | null)[] | undefined;
    let next = 0;
    let start = 0;
    for (const entry of this.#manifest.shards) {
      const end = start + entry.rows;
      const first = next;
      while (next < wanted.length && (wanted[next] as number) < end) next++;
      if (next > first) {
        const shard = await readShard(this.dir, entry, this.#manifest, memory);
        checkAligned(this.dir, table, shard, start);
        const rows = wanted.subarray(first, next);
        if (shard.table.has('parent')) {
          parents ??= Array.from({ length: wanted.length }, () => null);
          const named = shard.table.strings('parent');
          for (const [i, row] of rows.entries()) parents[first + i] = named[row - start] ?? null;
        }
        visit(shard, rows, start);
      }
      start = end;
    }
    return parents;
  }

  /** All rows, labelled or not, shard by shard: memory for one shard at a time. */
  async *windows(): AsyncGenerator<Window, void, undefined> {
    let start = 0;
    for (const entry of this.#manifest.shards) {
      const { table, values } = await readShard(this.dir, entry, this.#manifest);
      if (entry.rows > 0)
        yield {
          start,
          ids: table.strings('id') as string[],
          embeddings: matrix(widen(values), entry.rows, this.dim),
        };
      start += entry.rows;
    }
  }

  /** Names of the splits that are written down. */
  splits(): string[] {
    return splitNames(this.dir);
  }

  readSplit(name: string): Promise<Split> {
    return readSplitFile(this.dir, name);
  }

  #refuseSplitting(): void {
    const { resampled, part } = this.#manifest;
    if (!resampled && part !== 'validation' && part !== 'test') return;
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a store of original rows for a split but ${this.dir} holds ${resampled ? 'synthetic rows, which would leak into the held-out part' : `the ${part} part of one`}. Split the store it was made from`,
    );
  }

  /**
   * Writes down a split. Writing the same one again does nothing.
   *
   * @throws ERR_DATA for unknown ids, ids in two parts and resampled stores; ERR_OPTION for a bad name, or a name that
   *   another split has, unless `overwrite`.
   *
   * @example
   * await store.writeSplit('default', { seed: 0, parts: { train: ['a', 'b'], test: ['c'] } });
   */
  async writeSplit(name: string, { seed = null, parts, settings = {}, overwrite = false }: NewSplit): Promise<void> {
    this.#refuseSplitting();
    const byId = new Map<string, Part>();
    const entries: Iterable<readonly [string, Part]> =
      parts instanceof Map
        ? (parts as ReadonlyMap<string, Part>)
        : Object.entries(parts).flatMap(([part, ids]) =>
            (ids as readonly string[]).map((id) => [id, part as Part] as const),
          );
    for (const [id, part] of entries) {
      if (!PARTS.includes(part)) throw expected(`one of ${PARTS.join(', ')}`, `the part of ${id}`, part);
      if (byId.has(id))
        throw new EquipoiseError('ERR_DATA', `Row ${JSON.stringify(id)} is in split "${name}" more than once`);
      byId.set(id, part);
    }
    const ids = (await this.rows()).map((row) => row.id);
    this.#refuseUnknown(ids, byId.keys());
    await writeSplitFile(this.dir, { name, seed, settings, parts: byId }, ids, overwrite);
  }

  #refuseUnknown(known: readonly string[], asked: Iterable<string>): void {
    const all = new Set(known);
    for (const id of asked)
      if (!all.has(id)) throw new EquipoiseError('ERR_DATA', `${this.dir} has no row ${JSON.stringify(id)}`);
  }

  /**
   * Changes labels, groups, weights or sources of some rows; no shard is touched. New class names join the table at its
   * end, so that class ids stay what they were.
   *
   * @throws ERR_DATA for an id that is not in the store or a weight that is not finite and >= 0.
   *
   * @example
   * await store.updateRows(new Map([['cat/0091.jpg', { label: 'lynx' }]]));
   */
  async updateRows(changes: ReadonlyMap<string, RowChange>): Promise<void> {
    const rows = rowsOf(await this.#rowTable());
    this.#refuseUnknown(
      rows.map((row) => row.id),
      changes.keys(),
    );
    const updated = rows.map((row) => applyChange(row, changes.get(row.id)));
    const known = new Set(this.classNames);
    const found = new Set(updated.flatMap(({ label }) => namesOf(label).filter((name) => !known.has(name))));
    if (found.size > 0) {
      // The longer table first: a class without rows is harmless, a label without a class is not.
      const manifest = { ...this.#manifest, classNames: [...this.classNames, ...[...found].sort(compareNames)] };
      await writeManifest(this.dir, manifest);
      this.#manifest = manifest;
    }
    await writeRows(this.dir, updated);
  }

  /**
   * Reads everything once: every shard against its sha256, rows and splits against the ids of the shards.
   * @throws ERR_INTEGRITY naming every shard that is missing or changed.
   */
  async verify(): Promise<{ shards: number; rows: number; bytes: number }> {
    const table = await this.#rowTable();
    const wrong: string[] = [];
    let start = 0;
    let bytes = 0;
    for (const entry of this.#manifest.shards) {
      try {
        const shard = await readShard(this.dir, entry, this.#manifest);
        checkAligned(this.dir, table, shard, start);
      } catch (error) {
        if (!(error instanceof EquipoiseError) || error.code !== 'ERR_INTEGRITY') throw error;
        wrong.push(error.message);
      }
      start += entry.rows;
      bytes += entry.bytes;
    }
    if (wrong.length > 0) throw new EquipoiseError('ERR_INTEGRITY', wrong.join('\n'));
    const ids = table.strings('id') as string[];
    for (const name of this.splits()) this.#refuseUnknown(ids, (await this.readSplit(name)).parts.keys());
    return { shards: this.#manifest.shards.length, rows: start, bytes };
  }
}

function applyChange(row: Row, change: RowChange | undefined): Row {
  if (!change) return row;
  const known = ['label', 'group', 'weight', 'source'];
  for (const name of Object.keys(change))
    if (!known.includes(name))
      throw new EquipoiseError('ERR_OPTION', `Unknown option updateRows.${name}. Known options: ${known.join(', ')}`);
  const { weight } = change;
  if (weight !== undefined && weight !== null && !(Number.isFinite(weight) && weight >= 0))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a finite weight >= 0 for row ${JSON.stringify(row.id)} but received ${weight}`,
    );
  const group = change.group === undefined ? row.group : (change.group ?? undefined);
  const newWeight = weight === undefined ? row.weight : (weight ?? undefined);
  return {
    id: row.id,
    source: change.source ?? row.source,
    label: change.label === undefined ? row.label : change.label,
    ...(group !== undefined && { group }),
    ...(newWeight !== undefined && { weight: newWeight }),
  };
}

/**
 * Opens a store that `embed`, `importEmbeddings` or `writeSet` made.
 *
 * @param options.allowIncomplete opens an unfinished one too, to look at its manifest, failures and windows.
 * @throws ERR_DATA for a folder that is no store or not finished, ERR_INTEGRITY for one that is damaged or of a newer format.
 *
 * @example
 * const store = await openStore('flowers.store');
 * const set = await store.read();
 */
export async function openStore(dir: string, options: { allowIncomplete?: boolean } = {}): Promise<EmbeddingStore> {
  const manifest = await readManifest(dir);
  if (!manifest)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a store in ${dir} but found no manifest of one. Make one: equipoise embed DATA --out ${dir}, or equipoise import FILE --out ${dir}`,
    );
  if (!manifest.complete && options.allowIncomplete !== true) throw unfinished(dir, manifest);
  return new EmbeddingStore(dir, manifest);
}
