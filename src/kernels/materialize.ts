/** Turns the recipes of a plan into rows, for those who want the vectors; training never needs them. */

import type { EmbeddingSet } from '../core/embedding-set.js';
import { EquipoiseError } from '../core/errors.js';
import { dense, matrix, takeRows, type Matrix, type MatrixLike } from '../core/matrix.js';
import type { Recipes, ResamplingPlan } from '../core/plan.js';
import type { Kernels } from './kernels.js';
import { loadKernels } from './load.js';

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

/**
 * Makes the rows of a resampling plan: the kept rows in their order, then one row a recipe, then the extra rows.
 *
 * @param x the (n, d) matrix or set that the plan was made for.
 * @returns (kept + recipes + extra, d) matrix; kept rows are copied bit for bit.
 * @throws ERR_SHAPE when the plan belongs to another number of rows, ERR_DATA for a recipe that names a row not yet made.
 *
 * @example
 * const plan = await createSampler('eos').plan(train);
 * const balanced = materialize(train, plan);
 */
export function materialize(
  x: MatrixLike | EmbeddingSet,
  plan: ResamplingPlan,
  options: { kernels?: Kernels } = {},
): Matrix {
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
  const { base, other, step } = recipes;
  const made = rows + base.length;
  const total = made + (added?.rows ?? 0);
  const all = new Float32Array(total * cols);
  all.set(data);
  if (added) all.set(added.data, made * cols);
  const starts = passes(recipes, rows, made, total);
  if (cols > 0 && base.length > 0) {
    const kernels = options.kernels ?? loadKernels();
    for (const [pass, start] of starts.entries()) {
      const end = starts[pass + 1] ?? base.length;
      kernels.interpolate({
        x: all,
        cols,
        base: base.subarray(start, end),
        other: other.subarray(start, end),
        step: step.subarray(start, end),
        out: all.subarray((rows + start) * cols, (rows + end) * cols),
      });
    }
  }
  if (keep === 'all') return matrix(all, total, cols);
  for (const row of keep)
    if (row < 0 || row >= rows) throw new EquipoiseError('ERR_DATA', `plan.keep names row ${row} of ${rows}`);
  const order = new Int32Array(keep.length + total - rows);
  order.set(keep);
  for (let i = rows; i < total; i++) order[keep.length + i - rows] = i;
  const kept = takeRows({ data: all, rows: total, cols }, order);
  return matrix(kept.data, kept.rows, cols);
}
