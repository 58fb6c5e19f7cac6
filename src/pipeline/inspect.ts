/** What is in a dataset, a store or a model file, without changing it. */

import { readFile, stat } from 'node:fs/promises';
import { auditLeaks, findDuplicates, type LeakAudit, type LeakAuditOptions } from '../audit/index.js';
import type { Part } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { namesOf, type Label } from '../core/item.js';
import type { TargetKind } from '../core/targets.js';
import { openDataset, type OpenDatasetOptions } from '../dataset/index.js';
import { describeModel, findPenultimate, readModel } from '../onnx/index.js';
import { isStore, openStore, type EmbeddingStore, type Manifest, type Provenance } from '../store/index.js';
import { openRows } from './memory.js';

/** Synthetic rows whose parents are told. */
const shownRows = 5;

export interface ClassCount {
  readonly name: string;
  readonly count: number;
}

interface Counted {
  readonly classes: readonly ClassCount[];
  readonly unlabelled: number;
  /** `many`: items may have any number of labels. */
  readonly targets: TargetKind;
  /** Of items with any number of labels: those that have none of the classes. */
  readonly withoutClass: number;
  /** Largest class ÷ smallest non-empty one; null without classes. */
  readonly imbalanceRatio: number | null;
}

export interface DatasetInspection extends Counted {
  readonly kind: 'dataset';
  readonly format: string;
  readonly modality: string;
  readonly count: number;
  readonly columns: number | null;
  readonly fingerprint: string;
  readonly notes: readonly string[];
}

export interface StoreInspection extends Counted {
  readonly kind: 'store';
  readonly count: number;
  readonly dim: number;
  readonly dtype: string;
  readonly backbone: string | null;
  readonly resampled: boolean;
  /** How copies of the items were made, null without any. */
  readonly augmentation: Manifest['augmentation'] | null;
  /** What the first few synthetic rows of a resampled store were made of. */
  readonly provenance: readonly Provenance[];
  readonly shards: number;
  readonly bytes: number;
  readonly failures: number;
  readonly splits: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Rows whose embedding another row has, too. */
  readonly duplicateRows: number;
  /** By split; only when asked for. */
  readonly leaks?: Readonly<Record<string, LeakAudit>>;
}

export interface ModelInspection {
  readonly kind: 'model';
  readonly model: ReturnType<typeof describeModel>;
  /** The tensor that a classifier's embedding would be taken from. */
  readonly penultimate: string | null;
}

export type Inspection = DatasetInspection | StoreInspection | ModelInspection;

export interface InspectOptions {
  /** Also looks for leaks between the parts of every split of a store. */
  readonly leaks?: boolean;
  /** For a resampled store: the one it was made from. Leaks are looked for between its rows and the held-out rows of that one's splits. */
  readonly of?: string;
  /** Largest distance of near duplicates as a share of the typical distance between two rows; default: they are not looked for. */
  readonly nearThreshold?: number;
  /** Rows of a store that take more stay on disk; default a quarter of the machine's memory. */
  readonly memoryBytes?: number;
  readonly dataset?: OpenDatasetOptions;
}

function counted(classNames: readonly string[], labels: Iterable<Label>): Counted {
  const counts = new Map(classNames.map((name) => [name, 0]));
  let unlabelled = 0;
  let withoutClass = 0;
  let targets: TargetKind = 'one';
  for (const label of labels) {
    if (label === null) unlabelled++;
    if (label !== null && typeof label !== 'string') targets = 'many';
    if (label?.length === 0) withoutClass++;
    for (const name of namesOf(label)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const present = [...counts.values()].filter((count) => count > 0);
  return {
    classes: [...counts].map(([name, count]) => ({ name, count })),
    unlabelled,
    targets,
    withoutClass,
    imbalanceRatio: present.length > 0 ? Math.max(...present) / Math.min(...present) : null,
  };
}

/** A resampled store has no split of its own: its rows are training rows, held against the held-out rows of the store it was made from. */
async function auditResampled(
  store: EmbeddingStore,
  of: string,
  memoryBytes: number | undefined,
  options: LeakAuditOptions,
) {
  const origin = await openStore(of);
  const synthetic = await store.provenance();
  const known = new Set([...(await origin.rows()), ...synthetic].map(({ id }) => id));
  const stray = synthetic
    .flatMap(({ base, other, parents = [] }) => [base, other, ...parents])
    .find((id) => id !== null && !known.has(id));
  if (stray !== undefined)
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected ${of} to be the store that ${store.dir} was made from but it has no row ${JSON.stringify(stray)}`,
    );
  const train = await openRows(store, {}, memoryBytes);
  const audits: Record<string, LeakAudit> = {};
  for (const split of origin.splits())
    audits[split] = await auditLeaks(
      {
        train,
        validation: await openRows(origin, { split, part: 'validation' }, memoryBytes),
        test: await openRows(origin, { split, part: 'test' }, memoryBytes),
      },
      { ...options, synthetic },
    );
  return audits;
}

/** Labelled rows by class, and by part of each split. What is known of each row is let go again. */
async function countRows(store: EmbeddingStore) {
  const rows = await store.rows();
  const splits: Record<string, Record<string, number>> = {};
  for (const name of store.splits()) {
    const { parts } = await store.readSplit(name);
    const counts = { train: 0, validation: 0, test: 0 };
    for (const { id, label } of rows) {
      const part = label === null ? undefined : parts.get(id);
      if (part) counts[part]++;
    }
    splits[name] = counts;
  }
  const labels = rows.map(({ label }) => label);
  return { classes: counted(store.classNames, labels), splits };
}

async function inspectStore(
  path: string,
  { leaks = false, of, nearThreshold, memoryBytes }: InspectOptions,
): Promise<StoreInspection> {
  const store = await openStore(path);
  const auditOptions = nearThreshold === undefined ? {} : { nearThreshold };
  if (nearThreshold !== undefined && !leaks)
    throw expected('it together with leaks', 'inspect.nearThreshold', nearThreshold);
  if (leaks && store.resampled && of === undefined)
    throw expected(
      'the store it was made from',
      'inspect.of',
      of,
      `${path} holds resampled rows: whether they leak depends on the held-out rows of that store. On the command line it is --of STORE`,
    );
  if (of !== undefined && !(leaks && store.resampled))
    throw expected('it for the leaks of a resampled store only', 'inspect.of', of, `Leave it out for ${path}`);
  const { manifest } = store;
  const { classes, splits } = await countRows(store);
  const audits: Record<string, LeakAudit> =
    of === undefined ? {} : await auditResampled(store, of, memoryBytes, auditOptions);
  for (const name of store.splits()) {
    if (!leaks) continue;
    const part = (wanted: Part) => openRows(store, { split: name, part: wanted }, memoryBytes);
    audits[name] = await auditLeaks(
      { train: await part('train'), validation: await part('validation'), test: await part('test') },
      auditOptions,
    );
  }
  const hasLabels = classes.unlabelled < store.count;
  const duplicates = hasLabels ? await findDuplicates(await openRows(store, {}, memoryBytes)) : [];
  return {
    kind: 'store',
    ...classes,
    count: store.count,
    dim: store.dim,
    dtype: manifest.dtype,
    backbone: manifest.backbone && `${manifest.backbone.id}@${manifest.backbone.recipeHash.slice(0, 12)}`,
    resampled: store.resampled,
    augmentation: manifest.augmentation ?? null,
    provenance: (await store.provenance()).slice(0, shownRows),
    shards: manifest.shards.length,
    bytes: manifest.shards.reduce((sum, shard) => sum + shard.bytes, 0),
    failures: (await store.failures()).length,
    splits,
    duplicateRows: duplicates.reduce((sum, { ids }) => sum + ids.length, 0),
    ...(leaks && { leaks: audits }),
  };
}

/**
 * Describes a store, a dataset or an ONNX file.
 * @throws ERR_DATA when the path is none of them, ERR_OPTION for `leaks` on something that has no splits.
 */
export async function inspect(path: string, options: InspectOptions = {}): Promise<Inspection> {
  const { leaks = false, dataset = {} } = options;
  if (await isStore(path)) return inspectStore(path, options);
  if (leaks)
    throw new EquipoiseError(
      'ERR_OPTION',
      `Expected a store for --leaks but ${path} is none: leaks are looked for between the parts of a split. Embed it first`,
    );
  if (path.endsWith('.onnx') && (await stat(path).catch(() => undefined))?.isFile()) {
    const model = readModel(await readFile(path), path);
    return { kind: 'model', model: describeModel(model), penultimate: findPenultimate(model) ?? null };
  }
  const opened = await openDataset(path, dataset);
  const labels: Label[] = [];
  for await (const { label } of opened) labels.push(label);
  return {
    kind: 'dataset',
    ...counted(opened.classNames, labels),
    format: opened.format,
    modality: opened.modality,
    count: opened.count,
    columns: opened.columns?.length ?? null,
    fingerprint: opened.fingerprint,
    notes: opened.notes,
  };
}

/** Whether any part of any split leaks into another. */
export function hasLeaks(inspection: StoreInspection): boolean {
  return Object.values(inspection.leaks ?? {}).some(({ clean }) => !clean);
}
