/** The rows that training visits, each as a recipe over one matrix: originals, too, so that no synthetic row is ever stored. */

import { concatDiskRows, memoryRows, type DiskRows } from '../core/disk-rows.js';
import { shapeOf, type TrainingSet } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { dense } from '../core/matrix.js';
import type { Recipes, ResamplingPlan } from '../core/plan.js';
import type { Draws } from '../core/rng.js';
import { planRows, type Kernels } from '../kernels/index.js';
import type { Mix } from '../mix/index.js';
import type { Partners } from './pairing.js';

export interface TrainingRows {
  /** (·, cols): what `base` and `other` index; nothing where the rows are on disk. */
  readonly x: Float32Array;
  readonly onDisk?: DiskRows;
  readonly cols: number;
  readonly count: number;
  readonly base: Int32Array;
  /** How many, the first ones, are rows of the matrix as they are: `other` and `step` begin behind them. */
  readonly plain: number;
  readonly other: Int32Array;
  readonly step: Float32Array;
  readonly label: Int32Array;
  readonly otherLabel?: Int32Array;
  readonly labelWeight?: Float32Array;
  /** (·, C), of each original row, where rows have any number of labels: those are neither resampled nor mixed. */
  readonly targets?: Uint8Array;
  /** A synthetic row weighs what its base weighs, one that no recipe makes what its first parent weighs. */
  readonly weight?: Float32Array;
}

/** Towards which row of the matrix a row goes: a plain one towards itself. */
export function otherOf({ base, plain, other }: Pick<TrainingRows, 'base' | 'plain' | 'other'>, row: number): number {
  return (row < plain ? base[row] : other[row - plain]) as number;
}

/** How far a row goes. */
export function stepOf({ plain, step }: Pick<TrainingRows, 'plain' | 'step'>, row: number): number {
  return row < plain ? 0 : (step[row - plain] as number);
}

/** Of some rows of the table, an entry each. */
export function recipesOf(
  table: Pick<TrainingRows, 'base' | 'plain' | 'other' | 'step'>,
  rows: Int32Array,
): { base: Int32Array; other: Int32Array; step: Float32Array } {
  return {
    base: rows.map((row) => table.base[row] as number),
    other: rows.map((row) => otherOf(table, row)),
    step: Float32Array.from(rows, (row) => stepOf(table, row)),
  };
}

/**
 * Lays out kept rows first, then recipes, then extra rows; the table may share memory with the plan. Of a set on disk no row is
 * read.
 */
export function layOutRows(
  set: TrainingSet,
  plan: ResamplingPlan | undefined,
  weights: Float32Array | undefined,
  kernels: Kernels,
): TrainingRows {
  const { rows, cols } = shapeOf(set);
  const source = 'rows' in set ? (set.rows as DiskRows) : undefined;
  const recipes = plan?.recipes;
  const kept = plan === undefined || plan.keep === 'all' ? rows : plan.keep.length;
  const made = recipes?.base.length ?? 0;
  const extra = plan?.extra?.labels.length ?? 0;
  const count = kept + made + extra;
  const base = new Int32Array(count);
  const label = new Int32Array(count);
  for (let i = 0; i < kept; i++) {
    const row = plan === undefined || plan.keep === 'all' ? i : (plan.keep[i] as number);
    base[i] = row;
    label[i] = set.labels[row] as number;
  }
  if (recipes) {
    base.set(recipes.base, kept);
    label.set(recipes.label, kept);
  }
  if (plan?.extra) {
    label.set(plan.extra.labels, kept + made);
    plan.extra.parents.forEach((parents, i) => (base[kept + made + i] = parents[0] ?? rows));
  }
  const weight = weights && new Float32Array(count).fill(1);
  if (weights && weight)
    for (let i = 0; i < count; i++) if ((base[i] as number) < rows) weight[i] = weights[base[i] as number] as number;

  const soft: { otherLabel?: Int32Array; labelWeight?: Float32Array } = {};
  if (recipes?.otherLabel && recipes.labelWeight) {
    soft.otherLabel = label.slice();
    soft.labelWeight = new Float32Array(count).fill(1);
    soft.otherLabel.set(recipes.otherLabel, kept);
    soft.labelWeight.set(recipes.labelWeight, kept);
  }
  const { targets } = set;
  const shared = { cols, count, label, ...soft, ...(weight && { weight }), ...(targets && { targets }) };

  // Rows that a later stage builds on have to be there; all others are made when they are visited.
  const built = plan && recipes ? builtOn(recipes, rows, rows + made) : new Int32Array(0);
  const beyond = new Float32Array((built.length + extra) * cols);
  if (plan && built.length > 0)
    planRows(set.embeddings, plan, { kernels }).named(built, beyond.subarray(0, built.length * cols));
  if (plan?.extra) beyond.set(dense(plan.extra.embeddings).data, built.length * cols);
  let x = source ? new Float32Array(0) : dense(set.embeddings).data;
  let onDisk = source;
  if (beyond.length > 0 && source) {
    const made = memoryRows({ data: beyond, rows: built.length + extra, cols }, source.memoryBytes);
    onDisk = concatDiskRows([source, made]);
  } else if (beyond.length > 0) {
    const whole = new Float32Array(x.length + beyond.length);
    whole.set(x);
    whole.set(beyond, x.length);
    x = whole;
  }
  for (let i = 0; i < extra; i++) base[kept + made + i] = rows + built.length + i;
  const place = new Map(Array.from(built, (id, i) => [id, rows + i]));
  const placed = (id: number): number =>
    id < rows ? id : id >= rows + made ? id - made + built.length : (place.get(id) as number);
  if (recipes && exceeds(recipes.base, rows)) base.set(recipes.base.map(placed), kept);
  let other = recipes?.other ?? new Int32Array(0);
  let step = recipes?.step ?? new Float32Array(0);
  if (exceeds(other, rows)) other = other.map(placed);
  if (extra > 0) {
    const longer = { other: base.slice(kept), step: new Float32Array(made + extra) };
    longer.other.set(other);
    longer.step.set(step);
    ({ other, step } = longer);
  }
  return { ...shared, x, ...(onDisk && { onDisk }), base, plain: kept, other, step };
}

/** The rows from `first` to before `end` that recipes build on, ascending. */
function builtOn({ base, other }: Recipes, first: number, end: number): Int32Array {
  const found = new Set<number>();
  for (const ids of [base, other]) for (const id of ids) if (id >= first && id < end) found.add(id);
  return Int32Array.from(found).sort();
}

function exceeds(ids: Int32Array, rows: number): boolean {
  for (let i = 0; i < ids.length; i++) if ((ids[i] as number) >= rows) return true;
  return false;
}

/**
 * One epoch of mixed rows: each row visited goes a step towards a partner, and `mix` shares the label.
 * Counts are those of the original training set.
 * @throws ERR_OPTION when the rows are interpolations already: a recipe has two ends, not four.
 */
export function mixRows(
  table: TrainingRows,
  order: Int32Array,
  mix: Mix,
  partners: Partners,
  classCounts: Int32Array,
  draws: Draws,
): TrainingRows {
  const count = order.length;
  const base = new Int32Array(count);
  const other = new Int32Array(count);
  const step = new Float32Array(count);
  const label = new Int32Array(count);
  const otherLabel = new Int32Array(count);
  const labelWeight = new Float32Array(count);
  const weight = table.weight && new Float32Array(count);
  if (table.otherLabel) refuse();
  for (let i = 0; i < count; i++) {
    const row = order[i] as number;
    if (stepOf(table, row) !== 0) refuse();
    const partner = partners.partner(row, order, draws);
    if (stepOf(table, partner) !== 0) refuse();
    base[i] = table.base[row] as number;
    other[i] = table.base[partner] as number;
    step[i] = partners.step(draws);
    label[i] = table.label[row] as number;
    otherLabel[i] = table.label[partner] as number;
    labelWeight[i] = mix.labelWeight({
      countBase: classCounts[label[i] as number] as number,
      countOther: classCounts[otherLabel[i] as number] as number,
      step: step[i] as number,
    });
    if (table.weight && weight) weight[i] = table.weight[row] as number;
  }
  const { x, onDisk, cols } = table;
  return {
    x,
    ...(onDisk && { onDisk }),
    cols,
    count,
    base,
    plain: 0,
    other,
    step,
    label,
    otherLabel,
    labelWeight,
    ...(weight && { weight }),
  };
}

function refuse(): never {
  throw new EquipoiseError(
    'ERR_OPTION',
    'trainHead.mix mixes rows that exist, but the sampler interpolates already. Leave one of the two out, or use random-over-sampling',
  );
}

/** Memory of one batch size, filled again and again. */
export class Batch {
  readonly x: Float32Array;
  readonly logits: Float32Array;
  readonly gradient: Float32Array;
  readonly labels: Int32Array;
  readonly otherLabels: Int32Array;
  readonly labelWeights: Float32Array;
  readonly sampleWeights: Float32Array;
  readonly rows: number;
  /** Whether the rows loaded have second labels, and weights. */
  soft = false;
  weighted = false;
  /** (rows, C), of rows with any number of labels; `labels` is then not to be read. */
  targets: Float32Array | undefined;
  readonly #cols: number;
  readonly #classes: number;
  #rowNorms: Float32Array | undefined;
  readonly #base: Int32Array;
  readonly #other: Int32Array;
  readonly #step: Float32Array;

  constructor(rows: number, cols: number, classes: number) {
    this.rows = rows;
    this.#cols = cols;
    this.#classes = classes;
    this.x = new Float32Array(rows * cols);
    this.logits = new Float32Array(rows * classes);
    this.gradient = new Float32Array(rows * classes);
    this.labels = new Int32Array(rows);
    this.otherLabels = new Int32Array(rows);
    this.labelWeights = new Float32Array(rows);
    this.sampleWeights = new Float32Array(rows);
    this.#base = new Int32Array(rows);
    this.#other = new Int32Array(rows);
    this.#step = new Float32Array(rows);
  }

  /** The sum of absolute values of each row loaded. */
  rowNorms(): Float32Array {
    const norms = (this.#rowNorms ??= new Float32Array(this.rows));
    for (let i = 0, at = 0; i < this.rows; i++) {
      let sum = 0;
      for (const end = at + this.#cols; at < end; at++) sum += Math.abs(this.x[at] as number);
      norms[i] = sum;
    }
    return norms;
  }

  /** Makes the rows `order[start] …` of `table`. */
  load(table: TrainingRows, order: Int32Array, start: number, kernels: Kernels): void {
    const { base, label, otherLabel, labelWeight, weight, targets } = table;
    if (targets) this.#loadTargets(targets, base, order, start);
    this.soft = otherLabel !== undefined;
    this.weighted = weight !== undefined;
    for (let i = 0; i < this.rows; i++) {
      const row = order[start + i] as number;
      this.#base[i] = base[row] as number;
      this.#other[i] = otherOf(table, row);
      this.#step[i] = stepOf(table, row);
      this.labels[i] = label[row] as number;
      if (otherLabel) this.otherLabels[i] = otherLabel[row] as number;
      if (labelWeight) this.labelWeights[i] = labelWeight[row] as number;
      if (weight) this.sampleWeights[i] = weight[row] as number;
    }
    kernels.interpolate({
      x: table.x,
      cols: table.cols,
      base: this.#base,
      other: this.#other,
      step: this.#step,
      out: this.x,
    });
  }

  #loadTargets(targets: Uint8Array, base: Int32Array, order: Int32Array, start: number): void {
    const classes = this.#classes;
    const out = (this.targets ??= new Float32Array(this.rows * classes));
    for (let i = 0; i < this.rows; i++) {
      const from = (base[order[start + i] as number] as number) * classes;
      for (let c = 0; c < classes; c++) out[i * classes + c] = targets[from + c] as number;
    }
  }
}
