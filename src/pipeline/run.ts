/** The whole job as one function: dataset → embeddings → split → baselines and strategy → judgement → one ONNX file and a report. */

import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Backbone } from '../backbone/index.js';
import { exportOnnx, type ExportReport } from '../classifier/index.js';
import { selectRows, type EmbeddingSet, type TrainingSet } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { namesOf, type Dataset, type Item } from '../core/item.js';
import type { OnProgress } from '../core/progress.js';
import { embed } from '../embed/index.js';
import { defaultThreads } from '../kernels/index.js';
import { renderHtml, RESULT_FORMAT_VERSION, type ExportedModel, type RunResult } from '../report/index.js';
import { isStore, openStore, type EmbeddingStore } from '../store/index.js';
import { chooseStrategies, resolveRunConfig, type RunConfig, type RunInput } from './config.js';
import { judgeStrategies, type Judged } from './judge.js';
import { assertRowsFit } from './memory.js';
import { backboneFor, openParts } from './open-data.js';
import { splitStore } from './parts.js';
import { files, openRunFolder, sizeOf, writeWhole } from './run-folder.js';
import { createStopwatch } from './stopwatch.js';
import { syntheticExamples } from './synthetic-examples.js';
import { version } from './version.js';

export interface RunContext {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** Told what was detected or assumed, as it becomes known. */
  readonly onNote?: (note: string) => void;
}

/** Rows whose logits are compared when a model is exported. */
const parityRows = 32;

/**
 * Runs the whole job and leaves a run folder: `store/`, `head.onnx`, `classifier.onnx`, `report.html`, `result.json`, and
 * `config.json`, which reruns it. An unfinished run in the same folder is resumed.
 *
 * @throws ERR_OPTION for settings, ERR_DATA for input, ERR_INTEGRITY when an exported file does not agree with the trained head,
 * ERR_ABORTED once the signal is aborted.
 *
 * @example
 * const result = await run({ data: 'flowers/train', test: 'flowers/test', strategy: 'eos', out: 'flowers-run' });
 */
export async function run(input: RunInput, context: RunContext = {}): Promise<RunResult> {
  const given = resolveRunConfig(absolutePaths(input));
  if (given.data === undefined) throw expected('a dataset', 'run.data', undefined);
  const out = given.out ?? 'equipoise-run';
  const note = context.onNote ?? (() => {});
  const watch = createStopwatch();

  const { dataset, partOf, notes } = await watch.time(
    'open',
    () => openParts(given),
    ({ dataset: d }) => `${d.count} items, ${d.classNames.length} classes (${d.format})`,
  );
  notes.forEach(note);
  const { data } = given;
  const kind = dataset.targets ?? 'one';
  const config = chooseStrategies(given, kind);
  if (kind === 'many')
    note(
      `items have any number of labels: ${config.strategy} against ${config.baselines.join(', ')}, judged class by class as a yes or no`,
    );
  // With any number of labels one class is something to tell apart: the items that have it from those that have not.
  if (dataset.classNames.length < (kind === 'many' ? 1 : 2))
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected at least two classes in ${data} but found ${dataset.classNames.length === 0 ? 'no labels' : `only ${JSON.stringify(dataset.classNames[0])}`}. A classifier needs something to tell apart`,
    );
  const { backboneInput, backboneOutput, pool, preprocess, tokenizer } = config;
  const choice = { backbone: config.backbone, backboneInput, backboneOutput, pool, preprocess, tokenizer };
  const backbone = await backboneFor(dataset, choice);
  if (backbone && config.backbone === undefined) note(`backbone ${backbone.id} (the built-in default for images)`);

  assertRowsFit('run', dataset.count, backbone?.dim ?? dataset.columns?.length ?? 0);
  const { resumed } = await openRunFolder(out, config, version);
  if (resumed) note(`resuming the unfinished run in ${out}`);
  const store = await watch.time(
    'embed',
    () => embedOrReuse(dataset, backbone, config, join(out, files.store), context),
    (s) => `${s.count} rows of ${s.dim} numbers`,
  );
  const parts = await watch.time('split', () => splitStore(store, partOf, config));
  const failures = await store.failures();
  if (failures.length > 0)
    note(
      `${failures.length} of ${dataset.count} items could not be embedded and were skipped; see ${join(out, files.store, 'failures.jsonl')}`,
    );

  const judged = await judgeStrategies(parts, config, dataset.modality === 'table', watch, context);
  const exported = await watch.time(
    'export',
    () => exportBoth(judged.head, parts.train, dataset, backbone, out, config.threads ?? defaultThreads()),
    (all) => all.map(({ file }) => file).join(', '),
  );

  const synthetic = judged.plan ? await syntheticExamples(judged.plan, parts.train, dataset) : [];
  const result: RunResult = {
    formatVersion: RESULT_FORMAT_VERSION,
    equipoise: version,
    created: new Date().toISOString(),
    config,
    dataset: {
      name: titleOf(data, dataset),
      format: dataset.format,
      modality: dataset.modality,
      classNames: store.classNames,
      ...(kind === 'many' && { targets: kind }),
      parts: await countParts(dataset, partOf),
      notes,
    },
    backbone: backbone && { id: backbone.id, dim: backbone.dim, recipeHash: backbone.recipeHash },
    store: files.store,
    split: {
      seed: config.seed,
      train: [...parts.train.classCounts],
      validation: [...parts.validation.classCounts],
      test: [...parts.test.classCounts],
      ...(kind === 'many' && {
        rows: {
          train: parts.train.labels.length,
          validation: parts.validation.labels.length,
          test: parts.test.labels.length,
        },
      }),
    },
    baseline: judged.baseline,
    strategies: judged.strategies,
    ...(synthetic.length > 0 && { synthetic }),
    comparisons: judged.comparisons,
    exported,
    failures,
    steps: watch.steps,
  };
  // The report's own time is told in it as far as it can be: result.json has the rest.
  await watch.time('report', async () => writeWhole(join(out, files.report), await renderHtml(result)));
  const finished = { ...result, steps: watch.steps };
  // Last, because it is what marks the run as finished.
  await writeWhole(join(out, files.result), `${JSON.stringify(finished, null, 1)}\n`);
  return finished;
}

/** Absolute, so that a config.json works from anywhere; names of backbones stay names. */
function absolutePaths(input: RunInput): RunInput {
  const place = (path: string | undefined) => (path !== undefined && existsSync(path) ? resolve(path) : path);
  const { data, test, backbone, tokenizer } = input;
  return { ...input, data: place(data), test: place(test), backbone: place(backbone), tokenizer: place(tokenizer) };
}

async function embedOrReuse(
  dataset: Dataset,
  backbone: Backbone | null,
  config: RunConfig,
  out: string,
  { signal, onProgress }: RunContext,
): Promise<EmbeddingStore> {
  if (await isStore(out)) {
    const store = await openStore(out, { allowIncomplete: true });
    const { manifest } = store;
    // A finished store of an unfinished run is this run's own: the folder's config.json was compared before.
    if (
      manifest.complete &&
      manifest.dataset.fingerprint === dataset.fingerprint &&
      (manifest.backbone?.recipeHash ?? null) === (backbone?.recipeHash ?? null)
    )
      return store;
  }
  return embed(dataset, backbone, {
    out,
    batchSize: config.embedBatchSize,
    shardSize: config.shardSize,
    dtype: config.dtype,
    maxFailRate: config.maxFailRate,
    ...(config.threads !== undefined && { threads: config.threads }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
}

/** A folder called "train" says little: its parent is named too. */
function titleOf(data: string, { name }: Dataset): string {
  return ['train', 'training'].includes(name) ? `${basename(dirname(resolve(data)))}/${name}` : name;
}

/** Every class, evenly over the rows: what the two paths of an export are compared on. */
function sample(set: EmbeddingSet, count: number): number[] {
  const n = set.labels.length;
  return Array.from({ length: Math.min(count, n) }, (_, i) => Math.floor((i * n) / Math.min(count, n)));
}

async function exportBoth(
  head: Judged['head'],
  train: TrainingSet,
  dataset: Dataset,
  backbone: Backbone | null,
  out: string,
  threads: number,
): Promise<ExportedModel[]> {
  const rows = sample(train, parityRows);
  const exported = [
    await exportOnnx(head, {
      path: join(out, files.head),
      threads,
      sampleRows: rowsOf(train, rows),
      ...columnsOf(train),
      ...(backbone && { embeddedWith: noteOf(backbone) }),
    }),
  ];
  const wanted = new Set(rows.map((row) => train.ids[row]));
  const sampleItems: Item[] = [];
  if (backbone) for await (const item of dataset) if (wanted.has(item.id)) sampleItems.push(item);
  exported.push(
    await exportOnnx(head, {
      path: join(out, files.classifier),
      threads,
      ...(backbone ? { backbone, sampleItems } : { sampleRows: rowsOf(train, rows) }),
      ...columnsOf(train),
    }),
  );
  return Promise.all(exported.map((report) => described(report)));
}

const rowsOf = (set: EmbeddingSet, rows: readonly number[]) => selectRows(set, rows).embeddings;
const noteOf = ({ id, fileSha256, recipeHash, dim }: Backbone) => ({ id, fileSha256, recipeHash, dim });
const columnsOf = (set: EmbeddingSet) => (set.columns ? { columns: set.columns } : {});

async function described(report: ExportReport): Promise<ExportedModel> {
  return {
    file: basename(report.path),
    bytes: await sizeOf(report.path),
    rowsChecked: report.rows,
    largestDifference: report.largestDifference,
    tolerance: report.tolerance,
  };
}

async function countParts(
  dataset: Dataset,
  partOf: ((id: string) => string) | undefined,
): Promise<{ part: string; perClass: number[] }[]> {
  const counts = new Map<string, number[]>();
  for await (const { id, label } of dataset) {
    const part = partOf?.(id) ?? 'all';
    const perClass = counts.get(part) ?? dataset.classNames.map(() => 0);
    counts.set(part, perClass);
    for (const name of namesOf(label)) {
      const c = dataset.classNames.indexOf(name);
      perClass[c] = (perClass[c] ?? 0) + 1;
    }
  }
  return [...counts].map(([part, perClass]) => ({ part, perClass }));
}
