/** Embeddings that are in memory, into a store: sets, resampled sets, imports. */

import { createHash } from 'node:crypto';
import { isResampled, partOf, type Column, type EmbeddingSet, type Part } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { Modality } from '../core/item.js';
import { assertFinite, dense, type Dense, type MatrixLike } from '../core/matrix.js';
import { syntheticNames, type ResamplingPlan } from '../core/plan.js';
import type { Dtype, Manifest } from './manifest.js';
import { writeProvenance, type Provenance } from './provenance.js';
import type { Row } from './rows.js';
import type { EmbeddingStore } from './store.js';
import { createStore, repeated } from './writer.js';

/** What `fitResample` returns, as far as a store keeps it. */
export interface ResampledRows {
  readonly embeddings: MatrixLike;
  readonly labels: ArrayLike<number>;
  readonly otherLabels?: ArrayLike<number>;
  readonly labelWeights?: ArrayLike<number>;
  readonly classNames: readonly string[];
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
  readonly from?: EmbeddingSet;
}

export interface StoreContent {
  readonly embeddings: Dense;
  readonly rows: readonly Row[];
  readonly parents?: readonly (string | null)[];
  readonly classNames: readonly string[];
  readonly columns?: readonly Column[];
  readonly part?: Part;
  /** Makes it a resampled store. */
  readonly provenance?: readonly Provenance[];
}

function fingerprint({ embeddings, rows }: StoreContent): string {
  const hash = createHash('sha256');
  for (const { id, label } of rows) hash.update(JSON.stringify([id, label]));
  const { data } = embeddings;
  return hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).digest('hex');
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
  assertFinite(embeddings, (row) => `Row ${JSON.stringify(rows[row]?.id)}`);
  const ids = rows.map((row) => row.id);
  if (new Set(ids).size !== ids.length) throw repeated(ids, 'Row ids');
  const { modality = 'table', backbone = null, ...layout } = options;
  const writer = await createStore(dir, {
    ...layout,
    datasetFingerprint: fingerprint(content),
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
  for (const { index, start, end, done } of writer.shards()) {
    if (done) continue;
    const data = embeddings.data.subarray(start * embeddings.cols, end * embeddings.cols);
    await writer.writeShard(index, {
      ids: rows.slice(start, end).map((row) => row.id),
      embeddings: { data, rows: end - start, cols: embeddings.cols },
      ...(parents && { parents: parents.slice(start, end) }),
    });
  }
  return writer.finish({ rows });
}

function rowsOfSet(set: EmbeddingSet, sources: readonly string[] = set.ids): Row[] {
  if (sources.length !== set.ids.length)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `sources has ${sources.length} entries but the set has ${set.ids.length} rows`,
    );
  return set.ids.map((id, i) => ({
    id,
    source: sources[i] as string,
    label: set.classNames[set.labels[i] as number] as string,
    ...(set.groups && { group: set.groups[i] as string }),
    ...(set.weights && { weight: set.weights[i] as number }),
  }));
}

/** Kept rows under their own names, then one row a recipe, then the extra ones: the order in which they are materialised. */
function resampledContent(set: ResampledRows, from: EmbeddingSet, sources?: readonly string[]): StoreContent {
  const { plan, classNames } = set;
  const { recipes, extra, sampler } = plan;
  const embeddings = dense(set.embeddings);
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
  const rows = [...kept];
  const parents = keptRows.map((row) => from.parents?.[row] ?? null);
  const provenance: Provenance[] = [];
  for (let i = 0; i < total - kept.length; i++) {
    const at = kept.length + i;
    const isRecipe = i < made;
    const others = isRecipe ? undefined : (extra?.parents[i - made] as Int32Array);
    // What a row inherits is its base's, or the first parent's.
    const base = others ? others[0] : (recipes.base[i] as number);
    // A later stage may build on a synthetic row; what it inherits is then already listed.
    const source =
      base === undefined
        ? undefined
        : base < originals.length
          ? originals[base]
          : rows[kept.length + base - originals.length];
    const id = nameOf(originals.length + i);
    const otherLabel = set.otherLabels?.[at];
    const more = others && others.length > 1 ? ` and ${others.length - 1} more` : '';
    rows.push({
      id,
      source: source ? `${sampler} of ${source.id}${more}` : sampler,
      label: classNames[set.labels[at] as number] as string,
      ...(source?.group !== undefined && { group: source.group }),
      ...(source?.weight !== undefined && { weight: source.weight }),
    });
    parents.push(source?.id ?? null);
    provenance.push({
      id,
      base: isRecipe ? nameOf(recipes.base[i] as number) : null,
      other: isRecipe ? nameOf(recipes.other[i] as number) : null,
      step: isRecipe ? (recipes.step[i] as number) : null,
      ...(otherLabel !== undefined && {
        otherLabel: classNames[otherLabel] as string,
        labelWeight: set.labelWeights?.[at] ?? 1,
      }),
      ...(others && { parents: Array.from(others, nameOf) }),
    });
  }
  return { embeddings, rows, parents, classNames, ...(from.columns && { columns: from.columns }), provenance };
}

/**
 * Writes a set, or what `fitResample` returned, as a store.
 *
 * A part of a split stays that part when it is read back. A resampled set stays resampled: each synthetic row has its
 * base, other row and step in `provenance.arrow`, its base as parent, and `evaluate` and `split` refuse the store.
 *
 * @throws ERR_OPTION as `createStore`, and for a resampled set without `from`; ERR_SHAPE when plan and set do not go together.
 *
 * @example
 * const resampled = await createSampler('eos', {}).fitResample(train);
 * await writeSet('balanced.store', resampled, { from: train });
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
