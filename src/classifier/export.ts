/** A trained head, alone or behind its backbone, as one ONNX file that says what it is. */

import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { openModelSession, type Backbone, type Feeds, type Tensor } from '../backbone/index.js';
import type { Column } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import type { Item } from '../core/item.js';
import type { TargetKind } from '../core/targets.js';
import { dense, matrix, type MatrixLike } from '../core/matrix.js';
import type { Decision } from '../head/index.js';
import {
  describeModel,
  getMetadata,
  joinModels,
  opsetOf,
  readModel,
  setMetadata,
  subgraph,
  writeModel,
  type OnnxModel,
} from '../onnx/index.js';
import { inBatches } from './batches.js';
import { writeDocument, type BackboneNote, type ClassifierRecipe } from './document.js';
import { compareOutputs, type Answers, type ParityReport } from './parity.js';

/** What exporting needs of a trained head. */
export interface ExportableHead {
  readonly classNames: readonly string[];
  /** Length of an embedding. */
  readonly dim: number;
  readonly settings?: unknown;
  /** `many`: a row may have any number of the classes; default `one`. */
  readonly targets?: TargetKind;
  /** From which probability on each of them is predicted; default 0.5. */
  readonly thresholds?: readonly number[];
  readonly decision?: Decision;
  /** (n, dim) rows → n · classes logits. */
  logits(x: MatrixLike): Float32Array | Promise<Float32Array>;
  /** n · classes logits → n class ids, or 1 and 0 for each class of each row with `many`. */
  decide(logits: Float32Array): Int32Array;
  /** Input `embedding` (batch, dim) → outputs `logits`, `probabilities` and `label`, for the given operator set. */
  toModel(opset?: number): OnnxModel;
}

export interface ExportOptions {
  /** The file to write. */
  readonly path: string;
  /** With it, the file takes items (images, token ids) and holds the backbone too; without, it takes embeddings or rows. */
  readonly backbone?: Backbone;
  /** Real rows (n, dim) on which the file is checked. Needed without a backbone. */
  readonly sampleRows?: MatrixLike;
  /** Real items on which the file is checked. Needed with a backbone. */
  readonly sampleItems?: Iterable<Item> | AsyncIterable<Item>;
  /** What the columns of a table mean; the file then carries them. */
  readonly columns?: readonly Column[];
  /** For a head without its backbone: the backbone that made its embeddings, noted in the file. */
  readonly embeddedWith?: BackboneNote;
  /** Write the file even though it does not say what the head says; the report tells by how much. Default false. */
  readonly allowDrift?: boolean;
  /** Threads of the check; default all. */
  readonly threads?: number;
}

export interface ExportReport extends ParityReport {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Rows of one run while checking; float16 and integer graphs must see the same batch on both sides. */
const BATCH = 32;

function checkHeadModel(model: OnnxModel, head: ExportableHead): void {
  const { inputs, outputs } = describeModel(model);
  const names = outputs.map(({ name }) => name);
  const dim = inputs[0]?.shape?.[1];
  if (
    inputs.length !== 1 ||
    inputs[0]?.name !== 'embedding' ||
    ['logits', 'probabilities', 'label'].some((name) => !names.includes(name))
  )
    throw new EquipoiseError(
      'ERR_DATA',
      `Expected a head with input embedding and outputs logits, probabilities and label but received inputs ${inputs.map(({ name }) => name).join(', ')} and outputs ${names.join(', ')}`,
    );
  if (dim !== head.dim)
    throw new EquipoiseError('ERR_SHAPE', `The head takes rows of ${head.dim} numbers but its graph takes ${dim}`);
}

/** The backbone's graph with the head behind it: logits, probabilities, the label and the embedding come out. */
function merge(head: ExportableHead, backbone: Backbone): OnnxModel {
  const body = readModel(backbone.graph(), backbone.id);
  const tail = head.toModel(opsetOf(body));
  checkHeadModel(tail, head);
  const joined = joinModels(body, tail, { connect: ['embedding', 'embedding'], prefix: 'head/' });
  const batch = describeModel(body).outputs[0]?.shape?.[0] ?? 'batch';
  const classes = head.classNames.length;
  return subgraph(joined, {
    outputs: [
      { name: 'logits', dtype: 'float32', shape: [batch, classes] },
      { name: 'probabilities', dtype: 'float32', shape: [batch, classes] },
      { name: 'label', dtype: 'int64', shape: head.targets === 'many' ? [batch, classes] : [batch] },
      { name: 'embedding', dtype: 'float32', shape: [batch, head.dim] },
    ],
  });
}

function answersOf(outputs: Readonly<Record<string, Tensor>>): Answers {
  return {
    logits: outputs['logits']?.data as Float32Array,
    labels: Int32Array.from(outputs['label']?.data as BigInt64Array, Number),
  };
}

/** Feeds of each checked batch, with what the trained head says to it. */
type CheckedBatch = { readonly feeds: Feeds; readonly logits: Float32Array };

async function* checkedRows(head: ExportableHead, sample: MatrixLike): AsyncGenerator<CheckedBatch> {
  const { data, rows, cols } = dense(sample, 'sampleRows');
  if (cols !== head.dim)
    throw new EquipoiseError('ERR_SHAPE', `sampleRows has ${cols} columns but the head takes ${head.dim}`);
  for (let start = 0; start < rows; start += BATCH) {
    const count = Math.min(BATCH, rows - start);
    const part = data.subarray(start * cols, (start + count) * cols);
    yield {
      feeds: { embedding: { data: part, dims: [count, cols] } },
      logits: await head.logits(matrix(part, count, cols)),
    };
  }
}

async function* checkedItems(
  head: ExportableHead,
  backbone: Backbone,
  items: Iterable<Item> | AsyncIterable<Item>,
  threads: number,
): AsyncGenerator<CheckedBatch> {
  await using session = await openModelSession(backbone.graph(), { threads, where: backbone.id });
  const preprocessor = backbone.preprocessor();
  for await (const batch of inBatches(items, BATCH)) {
    const { inputs, count } = await preprocessor.batch(batch.map(({ content }) => content));
    if (count === 0) continue;
    const { embedding } = await session.run(inputs);
    const rows = matrix(embedding?.data as Float32Array, count, backbone.dim);
    yield { feeds: inputs, logits: await head.logits(rows) };
  }
}

/** Runs the bytes that are about to be written, on the same batches as the trained head. */
async function parity(
  bytes: Uint8Array,
  batches: AsyncIterable<CheckedBatch>,
  head: ExportableHead,
  options: {
    readonly threads: number;
    readonly precision: 'float32' | 'reduced';
  },
): Promise<ParityReport> {
  await using session = await openModelSession(bytes, { threads: options.threads, where: 'the exported classifier' });
  const wanted: number[] = [];
  const logits: number[] = [];
  const labels: number[] = [];
  for await (const batch of batches) {
    for (const value of batch.logits) wanted.push(value);
    const answers = answersOf(await session.run(batch.feeds));
    for (const value of answers.logits) logits.push(value);
    for (const value of answers.labels) labels.push(value);
  }
  if (wanted.length === 0)
    throw new EquipoiseError(
      'ERR_OPTION',
      'Expected at least one usable row to check the exported file on but received none',
    );
  return compareOutputs(
    Float32Array.from(wanted),
    { logits: Float32Array.from(logits), labels: Int32Array.from(labels) },
    head,
    options.precision,
  );
}

async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new EquipoiseError('ERR_ENVIRONMENT', `Cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function recipeOf(head: ExportableHead, { backbone, columns }: ExportOptions): ClassifierRecipe {
  if (backbone) return backbone.recipe;
  return { modality: 'table', dim: head.dim, ...(columns && { columns }) };
}

function noteOf(backbone: Backbone): BackboneNote {
  const { id, recipeHash, fileSha256, dim, spec } = backbone;
  return {
    id,
    recipeHash,
    fileSha256,
    dim,
    ...(spec.license !== undefined && { license: spec.license }),
    ...(spec.source !== undefined && { source: spec.source }),
    ...(spec.paper !== undefined && { paper: spec.paper }),
  };
}

/** Checked here, because a mistake would otherwise be written into the file. */
function checkOptions(head: ExportableHead, options: ExportOptions): void {
  const { path, backbone, sampleRows, sampleItems, columns, embeddedWith } = options;
  if (typeof path !== 'string' || path === '') throw expected('the path of a file to write', 'path', path);
  const known = ['path', 'backbone', 'sampleRows', 'sampleItems', 'columns', 'embeddedWith', 'allowDrift', 'threads'];
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw new EquipoiseError('ERR_OPTION', `Unknown option exportOnnx.${name}. Known options: ${known.join(', ')}`);
  if (backbone !== undefined) {
    if (sampleItems === undefined)
      throw expected('items', 'sampleItems', undefined, 'The file is checked on real items');
    const misplaced = Object.entries({ sampleRows, columns, embeddedWith }).find(([, value]) => value !== undefined);
    if (misplaced)
      throw new EquipoiseError(
        'ERR_OPTION',
        `Option ${misplaced[0]} does not apply to a file with its backbone. Leave it out`,
      );
    if (backbone.dim !== head.dim)
      throw new EquipoiseError(
        'ERR_SHAPE',
        `The head takes embeddings of ${head.dim} numbers but ${backbone.id} gives ${backbone.dim}. Use the backbone it was trained on`,
      );
    return;
  }
  if (sampleItems !== undefined)
    throw new EquipoiseError(
      'ERR_OPTION',
      'Option sampleItems needs a backbone to embed them. Pass sampleRows, or a backbone',
    );
  if (sampleRows === undefined) throw expected('rows', 'sampleRows', undefined, 'The file is checked on real rows');
  if (columns !== undefined && columns.length !== head.dim)
    throw new EquipoiseError('ERR_SHAPE', `columns has ${columns.length} entries but the head takes ${head.dim}`);
}

/**
 * Writes a head as one ONNX file: `head.onnx` (embedding → logits, probabilities, label) or, with a backbone, a classifier
 * that takes items. Calibration and decision rule are nodes of the graph: `label` is the id of the class that is named. Class
 * names, preprocessing and tokenizer travel in its metadata.
 *
 * The file is checked before it is written: both it and the trained head run on the given real rows. A float16 or integer
 * backbone is compared on the same batches, because its results may depend on the batch.
 *
 * @throws ERR_INTEGRITY when logits differ by more than 1e-4 · max(1, largest |logit|) (1e-2 for float16 and integer
 * graphs), or name another class outside ties, unless `allowDrift`; ERR_OPTION without rows to check on.
 *
 * @example
 * const report = await exportOnnx(head, { path: 'head.onnx', sampleRows: test.embeddings });
 * report.largestDifference <= report.tolerance; // true
 */
export async function exportOnnx(head: ExportableHead, options: ExportOptions): Promise<ExportReport> {
  checkOptions(head, options);
  const { path, backbone, sampleRows, sampleItems = [], embeddedWith, threads = availableParallelism() } = options;
  const { settings, targets, thresholds, decision } = head;
  const note = backbone ? noteOf(backbone) : embeddedWith;
  const document = writeDocument({
    classNames: head.classNames,
    recipe: recipeOf(head, options),
    ...(note && { backbone: note }),
    ...(targets && { targets }),
    ...(thresholds && { thresholds }),
    ...(decision && { decision }),
    ...(settings !== undefined && { settings }),
  });
  let model = backbone ? merge(head, backbone) : head.toModel();
  if (!backbone) checkHeadModel(model, head);
  // A head's own metadata describes the head alone; in a merged file it would be wrong.
  model = setMetadata(model, backbone ? document : { ...getMetadata(model), ...document });
  const bytes = writeModel(model);
  const batches = backbone
    ? checkedItems(head, backbone, sampleItems, threads)
    : checkedRows(head, sampleRows as MatrixLike);
  const report = await parity(bytes, batches, head, {
    threads,
    precision: describeModel(model).precision,
  });
  if (!report.withinTolerance && options.allowDrift !== true)
    throw new EquipoiseError(
      'ERR_INTEGRITY',
      `The exported file does not say what the head says: logits differ by ${report.largestDifference} where ${report.tolerance} is allowed, ` +
        `${report.disagreements} of ${report.rows} rows get another class. Nothing was written; allowDrift writes it all the same`,
    );
  await writeAtomically(path, bytes);
  return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), ...report };
}
