/** Embeddings that are in memory, into a store: sets, resampled sets, imports. */

import { createHash } from 'node:crypto';
import { windowsOf } from '../core/disk-rows.js';
import {
  isResampled,
  partOf,
  type AnySet,
  type Column,
  type EmbeddingSet,
  type LabelledRows,
  type Part,
} from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { Modality } from '../core/item.js';
import { labelsOf } from '../core/targets.js';
import { assertFinite, dense, type Dense, type MatrixLike } from '../core/matrix.js';
import { syntheticNames, type ResamplingPlan } from '../core/plan.js';
import type { Dtype, Manifest } from './manifest.js';
import { writeProvenance, type Provenance } from './provenance.js';
import type { Row } from './rows.js';
import type { EmbeddingStore } from './store.js';
import { createStore, repeated } from './writer.js';

/** Rows that are made a window at a time, as `planRows` does: the store asks for one shard after the other. */
export interface RowWindows {
  readonly rows: number;
  readonly cols: number;
  /** Rows start … end − 1, in `out`. */
  window(start: number, end: number, out: Float32Array): MatrixLike | Promise<MatrixLike>;
}

/** What `fitResample` returns, as far as a store keeps it: the plan says what each row is. */
export interface ResampledRows {
  readonly embeddings: MatrixLike | RowWindows;
  readonly plan: ResamplingPlan;
}

export interface WriteStoreOptions {
  /** Default `table`: rows of numbers that no backbone of ours made. */
  readonly modality?: Modality;
  readonly backbone?: Manifest['backbone'];
  readonly dtype?: Dtype;
  readonly shardRows?: number;
  readonly overwrite?: boolean;
}

export interface WriteSetOptions extends WriteStoreOptions {
  /** Where a person finds each row of the set (of `from`, for a resampled one); default its id. */
  readonly sources?: readonly string[];
  /** For a resampled set: the training set it was made from, which names the rows. */
  readonly from?: AnySet;
}

export interface StoreContent {
  readonly embeddings: Dense | RowWindows;
  /** What the embeddings follow from, where they are not here yet: it tells a continued run whether its input changed. */
  readonly origin?: Iterable<ArrayBufferView> | AsyncIterable<ArrayBufferView>;
  readonly rows: readonly Row[];
  readonly parents?: readonly (string | null)[];
  readonly classNames: readonly string[];
  readonly columns?: readonly Column[];
  readonly part?: Part;
  /** Makes it a resampled store. */
  readonly provenance?: readonly Provenance[];
}

async function fingerprint({ embeddings, rows, origin }: StoreContent): Promise<string> {
  const hash = createHash('sha256');
  for (const { id, label } of rows) hash.update(JSON.stringify([id, label]));
  for await (const { buffer, byteOffset, byteLength } of 'data' in embeddings ? [embeddings.data] : (origin ?? []))
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}

/** A shard at a time: of a matrix a view of it, else always in the same memory. */
function shardReader(
  embeddings: Dense | RowWindows,
  shardRows: number,
): (start: number, end: number) => Dense | Promise<Dense> {
  const { rows, cols } = embeddings;
  if ('data' in embeddings)
    return (start, end) => ({ data: embeddings.data.subarray(start * cols, end * cols), rows: end - start, cols });
  const memory = new Float32Array(Math.min(shardRows, rows) * cols);
  return async (start, end) => dense(await embeddings.window(start, end, memory.subarray(0, (end - start) * cols)));
}

/** Writes a whole store at once. */
export async function writeStore(
  dir: string,
  content: StoreContent,
  options: WriteStoreOptions = {},
): Promise<EmbeddingStore> {
  const { embeddings, rows, parents } = content;
  if (rows.length === 0)
    throw new EquipoiseError('ERR_DATA', 'Expected at least one row for a store but received none');
  // Before anything is written: a bad row must not leave half a store.
  if ('data' in embeddings) assertFinite(embeddings, (row) => `Row ${JSON.stringify(rows[row]?.id)}`);
  const ids = rows.map((row) => row.id);
  if (new Set(ids).size !== ids.length) throw repeated(ids, 'Row ids');
  const { modality = 'table', backbone = null, ...layout } = options;
  const writer = await createStore(dir, {
    ...layout,
    datasetFingerprint: await fingerprint(content),
    count: rows.length,
    modality,
    backbone: backbone && { ...backbone, dim: embeddings.cols },
    dim: embeddings.cols,
    classNames: content.classNames,
    ...(content.columns && { columns: content.columns }),
    ...(content.part && { part: content.part }),
    resampled: content.provenance !== undefined,
  });
  if (content.provenance) await writeProvenance(dir, content.provenance);
  const shard = shardReader(embeddings, writer.manifest.shardRows);
  for (const { index, start, end, done } of writer.shards()) {
    if (done) continue;
    await writer.writeShard(index, {
      ids: rows.slice(start, end).map((row) => row.id),
      embeddings: await shard(start, end),
      ...(parents && { parents: parents.slice(start, end) }),
    });
  }
  return writer.finish({ rows });
}

function rowsOfSet(set: LabelledRows, sources: readonly string[] = set.ids): Row[] {
  if (sources.length !== set.ids.length)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `sources has ${sources.length} entries but the set has ${set.ids.length} rows`,
    );
  return set.ids.map((id, i) => ({
    id,
    source: sources[i] as string,
    label: set.targets ? labelsOf(set, i) : (set.classNames[set.labels[i] as number] as string),
    ...(set.groups && { group: set.groups[i] as string }),
    ...(set.weights && { weight: set.weights[i] as number }),
  }));
}

/** Kept rows under their own names, then one row a recipe, then the extra ones: the order in which they are materialised. */
function resampledContent(set: ResampledRows, from: AnySet, sources?: readonly string[]): StoreContent {
  const { plan } = set;
  const { recipes, extra, sampler } = plan;
  const { classNames } = from;
  const embeddings = 'window' in set.embeddings ? set.embeddings : dense(set.embeddings);
  const originals = rowsOfSet(from, sources);
  const keptRows = plan.keep === 'all' ? originals.map((_, row) => row) : Array.from(plan.keep);
  const kept = keptRows.map((row) => originals[row] as Row);
  const made = recipes.step.length;
  const total = kept.length + made + (extra?.parents.length ?? 0);
  if (from.ids.length !== plan.originalRows || embeddings.rows !== total)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `The plan is for ${plan.originalRows} rows and makes ${total}, but received ${from.ids.length} and ${embeddings.rows}. Pass the set it was made from`,
    );
  const syntheticName = syntheticNames(sampler, from.ids);
  const nameOf = (row: number): string =>
    row < originals.length ? (originals[row] as Row).id : syntheticName(row - originals.length);
  /** The base of synthetic row i, or the first parent. */
  const baseOf = (i: number): number | undefined => (i < made ? recipes.base[i] : extra?.parents[i - made]?.[0]);
  /** A row inherits from an original one, by way of the synthetic ones that it builds on. */
  const originOf = (row: number): Row | undefined => {
    let at: number | undefined = row;
    while (at !== undefined && at >= originals.length) at = baseOf(at - originals.length);
    return at === undefined ? undefined : originals[at];
  };
  const rows = [...kept];
  const parents = keptRows.map((row) => from.parents?.[row] ?? null);
  const provenance: Provenance[] = [];
  for (let i = 0; i < total - kept.length; i++) {
    const isRecipe = i < made;
    const others = isRecipe ? undefined : (extra?.parents[i - made] as Int32Array);
    const base = baseOf(i);
    const source = base === undefined ? undefined : originOf(base);
    const id = nameOf(originals.length + i);
    const label = isRecipe ? recipes.label[i] : extra?.labels[i - made];
    const otherLabel = recipes.otherLabel?.[i];
    const more = others && others.length > 1 ? ` and ${others.length - 1} more` : '';
    rows.push({
      id,
      source: base === undefined ? sampler : `${sampler} of ${nameOf(base)}${more}`,
      label: classNames[label as number] as string,
      ...(source?.group !== undefined && { group: source.group }),
      ...(source?.weight !== undefined && { weight: source.weight }),
    });
    parents.push(base === undefined ? null : nameOf(base));
    provenance.push({
      id,
      base: isRecipe ? nameOf(recipes.base[i] as number) : null,
      other: isRecipe ? nameOf(recipes.other[i] as number) : null,
      step: isRecipe ? (recipes.step[i] as number) : null,
      ...(otherLabel !== undefined && {
        otherLabel: classNames[otherLabel] as string,
        labelWeight: recipes.labelWeight?.[i] ?? 1,
      }),
      ...(others && { parents: Array.from(others, nameOf) }),
    });
  }
  const columns = from.columns && { columns: from.columns };
  const content = { embeddings, rows, parents, classNames, ...columns, provenance };
  if ('data' in embeddings) return content;
  const added = extra && dense(extra.embeddings);
  // What is made of finite numbers is finite; a store has no others.
  if (!('rows' in from)) assertFinite(dense(from.embeddings));
  if (added) assertFinite(added);
  async function* origin(): AsyncGenerator<ArrayBufferView> {
    if ('rows' in from) for await (const { x } of windowsOf(from.rows)) yield x.data;
    else yield dense(from.embeddings).data;
    if (added) yield added.data;
    yield* [recipes.base, recipes.other, recipes.step];
  }
  return { ...content, origin: origin() };
}

/**
 * Writes a set, or what `fitResample` returned, as a store.
 *
 * A plan with `planRows` for its embeddings is written without ever holding more than one shard of the result.
 *
 * A part of a split stays that part when it is read back. A resampled set stays resampled: each synthetic row has its
 * base, other row and step in `provenance.arrow`, its base as parent, and `evaluate` and `split` refuse the store.
 *
 * @throws ERR_OPTION as `createStore`, and for a resampled set without `from`; ERR_SHAPE when plan and set do not go together.
 *
 * @example
 * const resampled = await createSampler('eos', {}).fitResample(train);
 * await writeSet('balanced.store', resampled, { from: train });
 *
 * const plan = await createSampler('eos', {}).plan(train);
 * await writeSet('balanced.store', { plan, embeddings: planRows(train, plan) }, { from: train });
 */
export async function writeSet(
  dir: string,
  set: EmbeddingSet | ResampledRows,
  options: WriteSetOptions = {},
): Promise<EmbeddingStore> {
  const { sources, from, ...rest } = options;
  if ('plan' in set) {
    if (!from) throw expected('the training set that was resampled', 'writeSet.from', from);
    return writeStore(dir, resampledContent(set, from, sources), rest);
  }
  const part = partOf(set);
  if (isResampled(set) || part === 'resampled')
    throw new EquipoiseError('ERR_DATA', 'Expected the result of fitResample, with its plan, for resampled rows');
  return writeStore(
    dir,
    {
      embeddings: dense(set.embeddings),
      rows: rowsOfSet(set, sources),
      classNames: set.classNames,
      ...(set.columns && { columns: set.columns }),
      ...(set.parents && { parents: set.parents }),
      ...(part && { part }),
    },
    rest,
  );
}
