/** Turns the recipes of a plan into rows, for those who want the vectors; training never needs them. */

import { endsReader, iota } from '../core/disk-rows.js';
import { needsMemory, type DiskSet, type EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError, expected } from '../core/errors.js';
import { dense, matrix, type Dense, type Matrix, type MatrixLike } from '../core/matrix.js';
import { resolveOptions } from '../core/options.js';
import type { Recipes, ResamplingPlan } from '../core/plan.js';
import type { Kernels } from './kernels.js';
import { loadKernels } from './load.js';
import { kernelsRule, optional, threadsRule } from './nearest.js';
import { defaultThreads } from './threads.js';

export interface PlanRowsOptions {
  kernels?: Kernels;
  /** At most this many threads; the rows do not depend on it. Default: what the machine grants. */
  threads?: number;
}

export interface MaterializeOptions extends PlanRowsOptions {
  /** Where to write the rows: rows · cols numbers that share no memory with the source. New memory by default. */
  out?: Float32Array;
}

/** The rows of a plan, made when they are asked for. */
export interface PlanRows {
  readonly rows: number;
  readonly cols: number;
  /** Makes rows start … end − 1. @throws ERR_OPTION for rows that are not there, else as `materialize` */
  window(start: number, end: number, out?: Float32Array): Matrix;
  /** Makes rows by the ids under which recipes name them: n originals, then one a recipe, then the extra rows. */
  named(ids: Int32Array, out?: Float32Array): Matrix;
}

/** The same for rows on disk. */
export interface DiskPlanRows {
  readonly rows: number;
  readonly cols: number;
  window(start: number, end: number, out?: Float32Array): Promise<Matrix>;
}

const rules = { kernels: kernelsRule, threads: threadsRule };
const rulesWithOut = {
  ...rules,
  out: optional<Float32Array>('a Float32Array', 'where to write', (value) => value instanceof Float32Array),
};

/**
 * Where a pass over the recipes must begin: a recipe of a pipeline's later stage may name row n + i, which recipe i makes.
 * @throws ERR_DATA for a recipe that waits for itself or a later one.
 */
function passes({ base, other }: Pick<Recipes, 'base' | 'other'>, rows: number, made: number, total: number): number[] {
  const starts = [0];
  let start = 0;
  for (let r = 0; r < base.length; r++)
    for (const id of [base[r] as number, other[r] as number]) {
      if (id < 0 || id >= total || (id >= rows + r && id < made))
        throw new EquipoiseError(
          'ERR_DATA',
          `Recipe ${r} names row ${id}, but only ${rows + r} rows are made before it`,
        );
      if (id < rows + start || id >= made) continue;
      start = r;
      starts.push(r);
    }
  return starts;
}

function exceeds(ids: Int32Array, rows: number): boolean {
  for (let i = 0; i < ids.length; i++) if ((ids[i] as number) >= rows) return true;
  return false;
}

/** How many numbers are made at a time where rows build on others: those they build on take a few times as much. */
const blockNumbers = 1 << 20;

type Ends = Pick<Recipes, 'base' | 'other' | 'step'>;

/** Everything that the rows `ids` are made of, by way of recipes, themselves included: recipes ascending, and all else. */
function ancestry(ids: Int32Array, { base, other }: Ends, rows: number): { leaves: Int32Array; recipes: Int32Array } {
  const seen = new Set(ids);
  // A set is walked in the order of its growth, so what is added here is visited as well.
  for (const id of seen) {
    const i = id - rows;
    if (i < 0 || i >= base.length) continue;
    seen.add(base[i] as number).add(other[i] as number);
  }
  const all = Int32Array.from(seen).sort();
  const isRecipe = (id: number): boolean => id >= rows && id < rows + base.length;
  return { leaves: all.filter((id) => !isRecipe(id)), recipes: all.filter(isRecipe) };
}

/**
 * Rows by the ids under which recipes name them, where recipes build on one another.
 * Memory: the rows they are made of.
 */
function makeNamed(
  ids: Int32Array,
  { data, rows, cols }: Dense,
  { base, other, step }: Ends,
  extra: Float32Array | undefined,
  { kernels, threads }: Required<PlanRowsOptions>,
  out: Float32Array,
): void {
  const { leaves, recipes } = ancestry(ids, { base, other, step }, rows);
  const all = new Float32Array((leaves.length + recipes.length) * cols);
  const place = new Map<number, number>();
  leaves.forEach((id, at) => {
    place.set(id, at);
    const [from, row] = id < rows ? [data, id] : [extra as Float32Array, id - rows - base.length];
    all.set(from.subarray(row * cols, (row + 1) * cols), at * cols);
  });
  recipes.forEach((id, i) => place.set(id, leaves.length + i));
  const ends = {
    base: recipes.map((id) => place.get(base[id - rows] as number) as number),
    other: recipes.map((id) => place.get(other[id - rows] as number) as number),
    step: Float32Array.from(recipes, (id) => step[id - rows] as number),
  };
  const made = leaves.length + recipes.length;
  const starts = passes(ends, leaves.length, made, made);
  for (const [pass, start] of starts.entries()) {
    const end = starts[pass + 1] ?? recipes.length;
    kernels.interpolate({
      x: all,
      cols,
      base: ends.base.subarray(start, end),
      other: ends.other.subarray(start, end),
      step: ends.step.subarray(start, end),
      threads,
      out: all.subarray((leaves.length + start) * cols, (leaves.length + end) * cols),
    });
  }
  ids.forEach((id, i) => {
    const at = place.get(id) as number;
    out.set(all.subarray(at * cols, (at + 1) * cols), i * cols);
  });
}

function checkOut(out: Float32Array, source: Float32Array, rows: number, cols: number): void {
  if (out.length !== rows * cols)
    throw new EquipoiseError('ERR_SHAPE', `out has ${out.length} numbers but ${rows} rows of ${cols} are made`);
  const apart =
    out.buffer !== source.buffer ||
    out.byteOffset >= source.byteOffset + source.byteLength ||
    source.byteOffset >= out.byteOffset + out.byteLength;
  if (!apart) throw expected('memory of its own', 'materialize.out', out, 'It overlaps the rows that are read');
}

/**
 * The rows of a resampling plan, a window at a time: for outputs larger than memory.
 *
 * Needs the memory of x and of the windows. Where recipes build on the rows of others those are made with the window, in blocks of
 * some megabytes, and made again for the next one that needs them.
 *
 * @param x the (n, d) matrix or set that the plan was made for; it must not change while windows are made. Of a set on disk `window` reads
 *   the rows it needs, a promise resolves when they are made, and recipes that build on others are refused.
 * @throws as `materialize`
 *
 * @example
 * const made = planRows(train, plan);
 * const buffer = new Float32Array(1000 * made.cols);
 * const first = made.window(0, 1000, buffer);
 */
export function planRows(x: MatrixLike | EmbeddingSet, plan: ResamplingPlan, options?: PlanRowsOptions): PlanRows;
export function planRows(x: DiskSet, plan: ResamplingPlan, options?: PlanRowsOptions): DiskPlanRows;
export function planRows(
  x: MatrixLike | EmbeddingSet | DiskSet,
  plan: ResamplingPlan,
  options?: PlanRowsOptions,
): PlanRows | DiskPlanRows;
export function planRows(
  x: MatrixLike | EmbeddingSet | DiskSet,
  plan: ResamplingPlan,
  options: PlanRowsOptions = {},
): PlanRows | DiskPlanRows {
  const given = resolveOptions('planRows', rules, options);
  const backend = { kernels: given.kernels ?? loadKernels(), threads: given.threads ?? defaultThreads() };
  return 'rows' in x ? planDiskRows(x, plan, backend) : planMemoryRows(x, plan, backend);
}

/** What kept rows and recipes come to for n rows of d columns: all of them as recipes, and the rows that no recipe makes. */
function layOut({ keep, originalRows, recipes, extra }: ResamplingPlan, rows: number, cols: number) {
  if (originalRows !== rows)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `The plan was made for ${originalRows} rows but embeddings has ${rows} rows. Pass the set that was resampled`,
    );
  const added = extra && dense(extra.embeddings, 'plan.extra.embeddings');
  if (added && added.cols !== cols)
    throw new EquipoiseError('ERR_SHAPE', `plan.extra has ${added.cols} columns but embeddings has ${cols}`);
  if (keep !== 'all')
    for (const row of keep)
      if (row < 0 || row >= rows) throw new EquipoiseError('ERR_DATA', `plan.keep names row ${row} of ${rows}`);
  const kept = keep === 'all' ? iota(rows) : keep;
  const made = kept.length + recipes.base.length;
  const named = rows + recipes.base.length;
  passes(recipes, rows, named, named + (added?.rows ?? 0));
  const base = new Int32Array(made);
  base.set(kept);
  base.set(recipes.base, kept.length);
  const other = base.slice();
  other.set(recipes.other, kept.length);
  const step = new Float32Array(made);
  step.set(recipes.step, kept.length);
  return {
    added,
    kept,
    made,
    named,
    total: made + (added?.rows ?? 0),
    chained: exceeds(recipes.base, rows) || exceeds(recipes.other, rows),
    ends: (start: number, end: number): Ends => ({
      base: base.subarray(start, end),
      other: other.subarray(start, end),
      step: step.subarray(start, end),
    }),
  };
}

function checkWindow(start: number, end: number, total: number): void {
  if (!Number.isSafeInteger(start) || start < 0 || start > total)
    throw expected(`a row from 0 to ${total}`, 'window.start', start);
  if (!Number.isSafeInteger(end) || end < start || end > total)
    throw expected(`a row from ${start} to ${total}`, 'window.end', end);
}

/** Copies what rows start … end − 1 have of the extra ones, which begin at row `made`. */
function copyExtra(added: Dense | undefined, made: number, start: number, end: number, out: Float32Array): void {
  if (!added || end <= made) return;
  const from = Math.max(start, made);
  out.set(added.data.subarray((from - made) * added.cols, (end - made) * added.cols), (from - start) * added.cols);
}

function planMemoryRows(
  x: MatrixLike | EmbeddingSet,
  plan: ResamplingPlan,
  backend: Required<PlanRowsOptions>,
): PlanRows {
  const { data, rows, cols } = dense('embeddings' in x ? x.embeddings : x);
  const { recipes } = plan;
  const { added, kept, made, named, total, chained, ends: endsOf } = layOut(plan, rows, cols);
  const block = chained ? Math.max(1, Math.floor(blockNumbers / Math.max(1, cols))) : total;

  function make(start: number, end: number, out: Float32Array): void {
    const ends = endsOf(start, end);
    if (chained && (exceeds(ends.base, rows) || exceeds(ends.other, rows))) {
      const ids = Int32Array.from(ends.base, (id, i) =>
        start + i < kept.length ? id : rows + start + i - kept.length,
      );
      makeNamed(ids, { data, rows, cols }, recipes, added?.data, backend, out);
    } else backend.kernels.interpolate({ ...ends, x: data, cols, threads: backend.threads, out });
  }

  return {
    rows: total,
    cols,
    window(start, end, out = new Float32Array((end - start) * cols)) {
      checkWindow(start, end, total);
      checkOut(out, data, end - start, cols);
      const here = Math.min(end, made);
      for (let at = start; cols > 0 && at < here; at += block) {
        const next = Math.min(here, at + block);
        make(at, next, out.subarray((at - start) * cols, (next - start) * cols));
      }
      copyExtra(added, made, start, end, out);
      return matrix(out, end - start, cols);
    },
    named(ids, out = new Float32Array(ids.length * cols)) {
      for (const id of ids)
        if (!Number.isSafeInteger(id) || id < 0 || id >= named + (added?.rows ?? 0))
          throw expected(`a row from 0 to ${named + (added?.rows ?? 0) - 1}`, 'named.ids', id);
      checkOut(out, data, ids.length, cols);
      if (cols > 0) makeNamed(ids, { data, rows, cols }, recipes, added?.data, backend, out);
      return matrix(out, ids.length, cols);
    },
  };
}

function planDiskRows(set: DiskSet, plan: ResamplingPlan, backend: Required<PlanRowsOptions>): DiskPlanRows {
  const { count, cols } = set.rows;
  const { added, made, total, chained, ends: endsOf } = layOut(plan, count, cols);
  if (chained) throw needsMemory('rows that are made of synthetic ones', set);
  const { gather, most } = endsReader(set.rows);
  return {
    rows: total,
    cols,
    async window(start, end, out = new Float32Array((end - start) * cols)) {
      checkWindow(start, end, total);
      if (out.length !== (end - start) * cols)
        throw new EquipoiseError(
          'ERR_SHAPE',
          `out has ${out.length} numbers but ${end - start} rows of ${cols} are made`,
        );
      const here = Math.min(end, made);
      // A recipe has two ends.
      const block = Math.max(1, most >> 1);
      for (let at = start; at < here; at += block) {
        const next = Math.min(here, at + block);
        const ends = endsOf(at, next);
        const { x, base, other } = await gather(ends);
        const rows = out.subarray((at - start) * cols, (next - start) * cols);
        backend.kernels.interpolate({ x, cols, base, other, step: ends.step, threads: backend.threads, out: rows });
      }
      copyExtra(added, made, start, end, out);
      return matrix(out, end - start, cols);
    },
  };
}

/**
 * Makes the rows of a resampling plan: the kept rows in their order, then one row a recipe, then the extra rows.
 *
 * @param x the (n, d) matrix or set that the plan was made for.
 * @returns (kept + recipes + extra, d) matrix over `out`; kept rows are copied bit for bit.
 * @throws ERR_SHAPE when the plan belongs to another number of rows or `out` is not of the result's length, ERR_DATA for a
 *   recipe that names a row not yet made, ERR_OPTION for options and for an `out` that overlaps x.
 *
 * @example
 * const plan = await createSampler('eos').plan(train);
 * const balanced = materialize(train, plan);
 */
export function materialize(
  x: MatrixLike | EmbeddingSet,
  plan: ResamplingPlan,
  options: MaterializeOptions = {},
): Matrix {
  const { out, kernels, threads } = resolveOptions('materialize', rulesWithOut, options);
  const made = planRows(x, plan, { ...(kernels && { kernels }), ...(threads !== undefined && { threads }) });
  return made.window(0, made.rows, out);
}
