/** Turns the recipes of a plan into rows, for those who want the vectors; training never needs them. */

import type { EmbeddingSet } from '../core/embedding-set.js';
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
function passes({ base, other }: Recipes, rows: number, made: number, total: number): number[] {
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

function iota(length: number, from = 0): Int32Array {
  const ids = new Int32Array(length);
  for (let i = 0; i < length; i++) ids[i] = from + i;
  return ids;
}

function exceeds(ids: Int32Array, rows: number): boolean {
  for (let i = 0; i < ids.length; i++) if ((ids[i] as number) >= rows) return true;
  return false;
}

/** x, the rows that the recipes make, and the extra rows, as recipes name them. */
function makeAll(
  { data, rows, cols }: Dense,
  { recipes, extra }: ResamplingPlan,
  starts: readonly number[],
  { kernels, threads }: Required<PlanRowsOptions>,
): Float32Array {
  const { base, other, step } = recipes;
  const made = rows + base.length;
  const added = extra && dense(extra.embeddings).data;
  const all = new Float32Array(made * cols + (added?.length ?? 0));
  all.set(data);
  if (added) all.set(added, made * cols);
  for (const [pass, start] of starts.entries()) {
    const end = starts[pass + 1] ?? base.length;
    kernels.interpolate({
      x: all,
      cols,
      base: base.subarray(start, end),
      other: other.subarray(start, end),
      step: step.subarray(start, end),
      threads,
      out: all.subarray((rows + start) * cols, (rows + end) * cols),
    });
  }
  return all;
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
 * Needs the memory of x and of the windows, unless a recipe builds on the row of another one: then all rows are made here.
 *
 * @param x the (n, d) matrix or set that the plan was made for; it must not change while windows are made.
 * @throws as `materialize`
 *
 * @example
 * const made = planRows(train, plan);
 * const buffer = new Float32Array(1000 * made.cols);
 * const first = made.window(0, 1000, buffer);
 */
export function planRows(x: MatrixLike | EmbeddingSet, plan: ResamplingPlan, options: PlanRowsOptions = {}): PlanRows {
  const given = resolveOptions('planRows', rules, options);
  const backend = { kernels: given.kernels ?? loadKernels(), threads: given.threads ?? defaultThreads() };
  const { data, rows, cols } = dense('embeddings' in x ? x.embeddings : x);
  const { keep, recipes, extra } = plan;
  if (plan.originalRows !== rows)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `The plan was made for ${plan.originalRows} rows but embeddings has ${rows} rows. Pass the set that was resampled`,
    );
  const added = extra && dense(extra.embeddings, 'plan.extra.embeddings');
  if (added && added.cols !== cols)
    throw new EquipoiseError('ERR_SHAPE', `plan.extra has ${added.cols} columns but embeddings has ${cols}`);
  if (keep !== 'all')
    for (const row of keep)
      if (row < 0 || row >= rows) throw new EquipoiseError('ERR_DATA', `plan.keep names row ${row} of ${rows}`);

  const kept = keep === 'all' ? iota(rows) : keep;
  const made = kept.length + recipes.base.length;
  const total = made + (added?.rows ?? 0);
  const starts = passes(recipes, rows, rows + recipes.base.length, rows + total - kept.length);
  // Rows up to `made` as recipes over `source`; a recipe that reads a made row has to find it there.
  const derived = exceeds(recipes.base, rows) || exceeds(recipes.other, rows);
  const source = derived ? makeAll({ data, rows, cols }, plan, starts, backend) : data;
  const base = new Int32Array(made);
  base.set(kept);
  base.set(derived ? iota(recipes.base.length, rows) : recipes.base, kept.length);
  const other = base.slice();
  const step = new Float32Array(made);
  if (!derived) {
    other.set(recipes.other, kept.length);
    step.set(recipes.step, kept.length);
  }

  return {
    rows: total,
    cols,
    window(start, end, out = new Float32Array((end - start) * cols)) {
      if (!Number.isSafeInteger(start) || start < 0 || start > total)
        throw expected(`a row from 0 to ${total}`, 'window.start', start);
      if (!Number.isSafeInteger(end) || end < start || end > total)
        throw expected(`a row from ${start} to ${total}`, 'window.end', end);
      checkOut(out, source, end - start, cols);
      const here = Math.min(end, made);
      if (here > start && cols > 0)
        backend.kernels.interpolate({
          x: source,
          cols,
          base: base.subarray(start, here),
          other: other.subarray(start, here),
          step: step.subarray(start, here),
          threads: backend.threads,
          out: out.subarray(0, (here - start) * cols),
        });
      if (added && end > made) {
        const from = Math.max(start, made);
        out.set(added.data.subarray((from - made) * cols, (end - made) * cols), (from - start) * cols);
      }
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
