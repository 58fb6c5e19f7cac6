/** Does a held-out part hold what the training part has seen? */

import { concatDiskRows, iota, memoryRows, windowsOf, type DiskRows } from '../core/disk-rows.js';
import { shapeOf, type AnySet, type LabelledRows, type Part } from '../core/embedding-set.js';
import { labelsOf } from '../core/targets.js';
import { EquipoiseError } from '../core/errors.js';
import { dense } from '../core/matrix.js';
import { custom, resolveOptions } from '../core/options.js';
import type { OnProgress } from '../core/progress.js';
import { nearest, type NearestOptions } from '../kernels/index.js';
import { equalDiskRows, equalRows, type RowPlace } from './duplicates.js';

export interface LeakedRow {
  readonly part: Part;
  readonly id: string;
  readonly label: string;
}

/** Rows of more than one part that should have stayed together. */
export interface Leak {
  /** The group or the parent that they share. */
  readonly shared?: string;
  /** Of near duplicates: their distance as a share of the typical distance between two rows. */
  readonly distance?: number;
  readonly rows: readonly LeakedRow[];
}

export interface LeakAudit {
  /** Rows equal to the bit. */
  readonly duplicates: Leak[];
  /** Pairs closer than `nearThreshold`; absent unless it was given. */
  readonly nearDuplicates?: Leak[];
  /** Groups that fall on several parts. */
  readonly groups: Leak[];
  /** Items whose augmented copies fall on another part than they or each other. */
  readonly parents: Leak[];
  /** Held-out rows from which synthetic training rows were made; absent unless `synthetic` was given. */
  readonly syntheticParents?: Leak[];
  readonly clean: boolean;
}

/** What a synthetic row was made of, by ids: `store.provenance()` of a resampled store lists such rows. */
export interface SyntheticRow {
  readonly id: string;
  readonly base: string | null;
  readonly other: string | null;
  readonly parents?: readonly string[];
}

export interface LeakAuditOptions {
  /** Where `train` is resampled: its synthetic rows, none of whose parents may be held out. */
  synthetic?: readonly SyntheticRow[];
  /**
   * Also searches for rows of different parts at most this far apart, as a share of the root mean square distance between
   * two rows; 0.02 finds recompressed copies. Too large: different items of a class. Off by default: it costs a search.
   */
  nearThreshold?: number;
  threads?: number;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

interface PartSet {
  readonly part: Part;
  readonly set: AnySet;
}

const optional = <T>(accepts: string, help: string, check: (value: unknown) => boolean) =>
  custom<T | undefined>({ accepts, default: undefined, help, check });

const rules = {
  nearThreshold: optional<number>(
    'number from 0 to 1',
    'largest distance of near duplicates, as a share of the typical distance between two rows',
    (value) => typeof value === 'number' && value >= 0 && value <= 1,
  ),
  synthetic: optional<readonly SyntheticRow[]>('rows as store.provenance() lists them', 'parents', Array.isArray),
  threads: optional<number>(
    'integer >= 1',
    'threads of the search',
    (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  ),
  signal: optional<AbortSignal>('an AbortSignal', 'stops the search', (value) => value instanceof AbortSignal),
  onProgress: optional<OnProgress>('a function', 'told how far the search is', (value) => typeof value === 'function'),
};

/** Rows that share a key, where they lie in more than one part. */
function spread(parts: readonly PartSet[], keyOf: (set: LabelledRows, row: number) => string | undefined) {
  const places = new Map<string, RowPlace[]>();
  for (const [matrix, { set }] of parts.entries())
    for (let row = 0; row < set.labels.length; row++) {
      const key = keyOf(set, row);
      if (key === undefined) continue;
      const known = places.get(key);
      if (known) known.push({ matrix, row });
      else places.set(key, [{ matrix, row }]);
    }
  return [...places].filter(([, rows]) => severalParts(rows));
}

function severalParts(rows: readonly RowPlace[]): boolean {
  return rows.some(({ matrix }) => matrix !== rows[0]!.matrix);
}

/** Held-out rows that synthetic ones were made of, each with those rows. */
function heldOutParents(parts: readonly PartSet[], synthetic: readonly SyntheticRow[]) {
  const heldOut = new Map<string, RowPlace>();
  for (const [matrix, { part, set }] of parts.entries())
    if (part !== 'train') set.ids.forEach((id, row) => heldOut.set(id, { matrix, row }));
  const made = new Map<string, string[]>();
  for (const { id, base, other, parents = [] } of synthetic)
    for (const parent of new Set([base, other, ...parents])) {
      if (parent === null || !heldOut.has(parent)) continue;
      const known = made.get(parent);
      if (known) known.push(id);
      else made.set(parent, [id]);
    }
  return [...made].map(([parent, ids]) => ({ place: heldOut.get(parent) as RowPlace, parent, ids }));
}

/** The mean squared distance between two rows: twice the sum of the variances of the columns. */
async function typicalDistance(rows: DiskRows): Promise<number> {
  const { count, cols } = rows;
  const sums = new Float64Array(cols);
  const squares = new Float64Array(cols);
  for await (const { x } of windowsOf(rows))
    for (let at = 0; at < x.data.length; at++) sums[at % cols]! += x.data[at] as number;
  for await (const { x } of windowsOf(rows))
    for (let at = 0; at < x.data.length; at++)
      squares[at % cols]! += ((x.data[at] as number) - (sums[at % cols] as number) / count) ** 2;
  return squares.reduce((typical, sum) => typical + (2 * sum) / count, 0);
}

async function findNear(
  sources: readonly DiskRows[],
  threshold: number,
  search: Pick<NearestOptions, 'threads' | 'signal' | 'onProgress'>,
) {
  const rows = concatDiskRows(sources as readonly [DiskRows, ...DiskRows[]]);
  const starts = sources.map((_, p) => sources.slice(0, p).reduce((sum, { count }) => sum + count, 0));
  const placeOf = (row: number): RowPlace => {
    const matrix = starts.findLastIndex((start) => start <= row);
    return { matrix, row: row - (starts[matrix] as number) };
  };
  const labels = new Int32Array(rows.count);
  starts.forEach((start, p) => labels.fill(p, start));
  // Labelled by part, rows of other parts are "enemies". The first part is searched in, not from.
  const first = starts[1] as number;
  const { indices, l2sq } = await nearest(rows, labels, {
    k: 1,
    among: 'enemies',
    queries: iota(rows.count - first, first),
    ...search,
  });
  const typical = await typicalDistance(rows);
  const found: { distance: number; rows: RowPlace[] }[] = [];
  for (let q = 0; q < indices.data.length; q++) {
    const other = indices.data[q] as number;
    const distance = Math.sqrt((l2sq.data[q] as number) / typical);
    if (other >= 0 && l2sq.data[q]! > 0 && distance <= threshold)
      found.push({ distance, rows: [placeOf(other), placeOf(q + first)] });
  }
  return found;
}

/**
 * Looks for rows that a split should not have torn apart: exact duplicates, groups, augmented copies and, if asked, near duplicates and
 * held-out rows that synthetic ones were made of.
 *
 * @param split any of the parts, in memory or on disk; their embeddings have one width.
 * @throws ERR_SHAPE for different widths, ERR_OPTION for a threshold outside [0, 1].
 *
 * @example
 * const { clean, duplicates } = await auditLeaks(split(set, { test: 0.2 }));
 */
export async function auditLeaks(
  split: Readonly<Partial<Record<Part, AnySet>>>,
  options: LeakAuditOptions = {},
): Promise<LeakAudit> {
  const { nearThreshold, synthetic } = resolveOptions('auditLeaks', rules, options);
  const { nearThreshold: _, synthetic: _rows, ...search } = options;
  const parts = (['train', 'validation', 'test'] as const).flatMap((part): PartSet[] => {
    const set = split[part];
    return set && set.labels.length > 0 ? [{ part, set }] : [];
  });
  const widthOf = ({ set }: PartSet): number => shapeOf(set).cols;
  for (const part of parts)
    if (widthOf(part) !== widthOf(parts[0]!))
      throw new EquipoiseError(
        'ERR_SHAPE',
        `${parts[0]!.part} has ${widthOf(parts[0]!)} columns but ${part.part} has ${widthOf(part)}`,
      );
  const describe = (rows: readonly RowPlace[]): LeakedRow[] =>
    rows.map(({ matrix, row }) => {
      const { part, set } = parts[matrix]!;
      return { part, id: set.ids[row] as string, label: labelsOf(set, row).join('; ') };
    });

  const onDisk = parts.flatMap(({ set }) => ('rows' in set ? [set.rows] : []));
  const memoryBytes = Math.min(...onDisk.map((rows) => rows.memoryBytes));
  const inMemory = parts.flatMap(({ set }) => ('rows' in set ? [] : [dense(set.embeddings)]));
  const sources = parts.map(({ set }) => ('rows' in set ? set.rows : memoryRows(dense(set.embeddings), memoryBytes)));
  const equal = onDisk.length > 0 ? await equalDiskRows(sources) : equalRows(inMemory);
  const duplicates = equal.filter(severalParts).map((rows) => ({ rows: describe(rows) }));
  const groups = spread(parts, (set, row) => set.groups?.[row]).map(([shared, rows]) => ({
    shared,
    rows: describe(rows),
  }));
  // Ids of parts that were opened apart may coincide by chance; only an augmented row makes a family of them.
  const augmented = ({ matrix, row }: RowPlace) => typeof parts[matrix]!.set.parents?.[row] === 'string';
  // Synthetic rows have more parents than the one that a set names.
  const made = new Set(synthetic?.map(({ id }) => id));
  const parents = spread(parts, (set, row) =>
    made.has(set.ids[row] as string) ? undefined : (set.parents?.[row] ?? set.ids[row]),
  )
    .filter(([, rows]) => rows.some(augmented))
    .map(([shared, rows]) => ({ shared, rows: describe(rows) }));
  let near: Leak[] | undefined;
  if (nearThreshold !== undefined) {
    near =
      parts.length < 2
        ? []
        : (await findNear(sources, nearThreshold, search)).map(({ distance, rows }) => ({
            distance,
            rows: describe(rows),
          }));
  }
  const train = parts.findIndex(({ part }) => part === 'train');
  const rowOf = new Map(synthetic && parts[train]?.set.ids.map((id, row) => [id, row]));
  const syntheticParents =
    synthetic &&
    heldOutParents(parts, synthetic).map(({ place, parent, ids }) => ({
      shared: parent,
      rows: describe([
        ...Array.from(ids, (id) => ({ matrix: train, row: rowOf.get(id) ?? -1 })).filter(({ row }) => row >= 0),
        place,
      ]),
    }));
  const leaks = [duplicates, groups, parents, near ?? [], syntheticParents ?? []];
  return {
    duplicates,
    ...(near && { nearDuplicates: near }),
    groups,
    parents,
    ...(syntheticParents && { syntheticParents }),
    clean: leaks.every((found) => found.length === 0),
  };
}
