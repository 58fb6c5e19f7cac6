/** What a row of a resampled set was made of. */

import { EquipoiseError, expected } from '../core/errors.js';
import { syntheticNames, type ResamplingPlan } from '../core/plan.js';

/** Rows of the training set by number, or by name where ids were given. */
export type RowProvenance<Row = number> =
  | { readonly kind: 'original'; readonly row: Row }
  /** At `step` of the way from base to other. */
  | { readonly kind: 'recipe'; readonly base: Row; readonly other: Row; readonly step: number }
  /** Made in a way that no recipe tells: the base first, where there is one. */
  | { readonly kind: 'extra'; readonly parents: readonly Row[] };

/**
 * Names the parents of a row of a resampled set.
 *
 * Rows of later stages of a pipeline may be made of synthetic ones: number n + i, or in names what the store calls row i of the
 * synthetic ones (`smote-i`).
 *
 * @param plan the plan that `fitResample` or `materialize` followed.
 * @param row of the resampled set: kept rows come first, then recipes, then extra ones.
 * @param ids names of the n rows of the training set.
 * @throws ERR_OPTION for a row out of range, ERR_SHAPE for ids of another set.
 *
 * @example
 * const { plan, original } = await createSampler('smote').fitResample(train);
 * provenance(plan, original, train.ids);   // { kind: 'recipe', base: '17', other: '4', step: 0.31 }
 */
export function provenance(plan: ResamplingPlan, row: number): RowProvenance;
export function provenance(plan: ResamplingPlan, row: number, ids: readonly string[]): RowProvenance<string>;
export function provenance(
  plan: ResamplingPlan,
  row: number,
  ids?: readonly string[],
): RowProvenance<number> | RowProvenance<string> {
  const { keep, originalRows, recipes, extra } = plan;
  if (ids && ids.length !== originalRows)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `ids has ${ids.length} entries but the plan was made for ${originalRows} rows. Pass the ids of the training set`,
    );
  const found = rowOf();
  if (!ids) return found;
  const synthetic = syntheticNames(plan.sampler, ids);
  const name = (id: number): string => ids[id] ?? synthetic(id - originalRows);
  if (found.kind === 'original') return { ...found, row: name(found.row) };
  if (found.kind === 'extra') return { ...found, parents: found.parents.map(name) };
  return { ...found, base: name(found.base), other: name(found.other) };

  function rowOf(): RowProvenance {
    const kept = keep === 'all' ? originalRows : keep.length;
    const made = recipes.base.length;
    const total = kept + made + (extra?.parents.length ?? 0);
    if (!Number.isSafeInteger(row) || row < 0 || row >= total)
      throw expected(`a row from 0 to ${total - 1}`, "provenance's row", row);
    if (row < kept) return { kind: 'original', row: keep === 'all' ? row : (keep[row] as number) };
    const i = row - kept;
    if (i >= made) return { kind: 'extra', parents: [...((extra?.parents ?? [])[i - made] as Int32Array)] };
    const [base, other, step] = [recipes.base[i], recipes.other[i], recipes.step[i]] as [number, number, number];
    return { kind: 'recipe', base, other, step };
  }
}
