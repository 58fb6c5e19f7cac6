/** Two plans, the second made for the rows of the first, as one plan for the original rows. */

import { EquipoiseError } from '../core/errors.js';
import { matrix, type Matrix } from '../core/matrix.js';
import type { ClassOutcome, Recipes, ResamplingPlan } from '../core/plan.js';

/** The rows of a plan in their order, each by the id under which its recipes name it: originals, recipes, extra rows. */
function rowsOfPlan({ keep, originalRows, recipes, extra }: ResamplingPlan): Int32Array {
  const kept = keep === 'all' ? originalRows : keep.length;
  const ids = new Int32Array(kept + recipes.base.length + (extra?.labels.length ?? 0));
  if (keep !== 'all') ids.set(keep);
  for (let i = 0; i < ids.length; i++) if (i >= kept || keep === 'all') ids[i] = originalRows + i - kept;
  return ids;
}

function concat<T extends Int32Array | Float32Array>(whole: T, first: T, second: T): T {
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

const ints = (first: Int32Array, second: Int32Array): Int32Array =>
  concat(new Int32Array(first.length + second.length), first, second);
const floats = (first: Float32Array, second: Float32Array): Float32Array =>
  concat(new Float32Array(first.length + second.length), first, second);
const ones = ({ step }: Recipes): Float32Array => new Float32Array(step.length).fill(1);

function mergeOutcomes(first: readonly ClassOutcome[], second: readonly ClassOutcome[]): ClassOutcome[] {
  return second.map((after, c) => {
    const before = first[c] as ClassOutcome;
    const fallback = [before.fallback, after.fallback].filter((text) => text !== undefined).join('; ');
    return { ...before, ...after, before: before.before, ...(fallback && { fallback }) };
  });
}

/**
 * Composes two plans. Synthetic rows of the first that the second drops leave no trace, with two exceptions: a copy of a
 * synthetic row becomes a row of the same recipe, and a row that is made from a dropped one becomes an extra row, since no recipe
 * may name what is not there.
 *
 * @param first for the original rows.
 * @param second for the rows of `first`, in their order.
 * @param rowsOf makes the rows of `second`; called only where such an extra row is needed.
 * @throws ERR_DATA where such a row has a label of two classes, which extra rows do not have.
 */
export function composePlans(first: ResamplingPlan, second: ResamplingPlan, rowsOf: () => Matrix): ResamplingPlan {
  const n = first.originalRows;
  const made = [first.recipes.base.length, second.recipes.base.length] as const;
  const recipes = made[0] + made[1];
  const added = [first.extra?.labels.length ?? 0, second.extra?.labels.length ?? 0] as const;
  const total = n + recipes + added[0] + added[1];

  // One numbering of all rows that either plan knows: originals, recipes of both, extra rows of both.
  const ofFirst = (id: number): number => (id < n + made[0] ? id : id + made[1]);
  const input = rowsOfPlan(first).map(ofFirst);
  const ofSecond = (id: number): number => {
    const i = id - input.length;
    if (i < 0) return input[id] as number;
    return i < made[1] ? n + made[0] + i : n + recipes + added[0] + i - made[1];
  };
  const output = rowsOfPlan(second).map(ofSecond);
  const stays = new Uint8Array(total);
  for (const id of output) stays[id] = 1;

  const base = ints(first.recipes.base.map(ofFirst), second.recipes.base.map(ofSecond));
  const other = ints(first.recipes.other.map(ofFirst), second.recipes.other.map(ofSecond));
  const step = floats(first.recipes.step, second.recipes.step);
  const label = ints(first.recipes.label, second.recipes.label);
  const soft = (first.recipes.labelWeight ?? second.recipes.labelWeight) !== undefined && {
    otherLabel: ints(
      first.recipes.otherLabel ?? first.recipes.label,
      second.recipes.otherLabel ?? second.recipes.label,
    ),
    labelWeight: floats(
      first.recipes.labelWeight ?? ones(first.recipes),
      second.recipes.labelWeight ?? ones(second.recipes),
    ),
  };
  const isRecipe = (id: number): boolean => id >= n && id < n + recipes;
  for (let i = made[0]; i < recipes; i++) {
    const copied = (base[i] as number) - n;
    if (step[i] !== 0 || !isRecipe(copied + n)) continue;
    base[i] = base[copied] as number;
    other[i] = other[copied] as number;
    step[i] = step[copied] as number;
    if (!soft || second.recipes.labelWeight) continue;
    soft.otherLabel[i] = soft.otherLabel[copied] as number;
    soft.labelWeight[i] = soft.labelWeight[copied] as number;
  }

  const gone = (id: number): boolean => id >= n && !stays[id];
  const listed = Int32Array.from(step.keys()).filter((i) => stays[n + i]);
  const orphaned = (i: number): boolean => gone(base[i] as number) || (step[i] !== 0 && gone(other[i] as number));
  const recipeRows = listed.filter((i) => !orphaned(i));
  const orphans = listed.filter(orphaned);
  const extraRows = Int32Array.from([...orphans.map((i) => n + i), ...output.filter((id) => id >= n + recipes)]);

  const finalId = new Int32Array(total).fill(-1);
  for (let row = 0; row < n; row++) finalId[row] = row;
  recipeRows.forEach((i, at) => (finalId[n + i] = n + at));
  extraRows.forEach((id, at) => (finalId[id] = n + recipeRows.length + at));

  const parentsOf = (id: number): number[] => {
    if (isRecipe(id)) return [base[id - n] as number, other[id - n] as number];
    const i = id - n - recipes;
    return i < added[0]
      ? Array.from(first.extra?.parents[i] ?? [], ofFirst)
      : Array.from(second.extra?.parents[i - added[0]] ?? [], ofSecond);
  };
  /** The row itself where it is still there, otherwise what it was made from. */
  const traced = (id: number): number[] => (gone(id) ? parentsOf(id).flatMap(traced) : [id]);

  function gatherExtra(): NonNullable<ResamplingPlan['extra']> {
    if (soft && orphans.some((i) => soft.labelWeight[i] !== 1))
      throw new EquipoiseError(
        'ERR_DATA',
        'A stage removed a synthetic row from which another with a label of two classes is made. Put the method with soft labels last',
      );
    const source = orphans.length > 0 ? rowsOf() : ((first.extra ?? second.extra) as { embeddings: Matrix }).embeddings;
    const cols = source.shape[1] as number;
    const data = new Float32Array(extraRows.length * cols);
    const labels = new Int32Array(extraRows.length);
    const places = new Map(orphans.length > 0 ? Array.from(output, (id, at) => [id, at] as const) : []);
    extraRows.forEach((id, at) => {
      const i = id - n - recipes;
      const [from, row] = isRecipe(id)
        ? [source, places.get(id) as number]
        : i < added[0]
          ? [first.extra!.embeddings, i]
          : [second.extra!.embeddings, i - added[0]];
      data.set(from.data.subarray(from.offset + row * cols, from.offset + (row + 1) * cols), at * cols);
      labels[at] = isRecipe(id)
        ? label[id - n]!
        : i < added[0]
          ? first.extra!.labels[i]!
          : second.extra!.labels[i - added[0]]!;
    });
    const parents = Array.from(extraRows, (id) =>
      Int32Array.from(new Set(parentsOf(id).flatMap(traced)), (parent) => finalId[parent] as number),
    );
    return { embeddings: matrix(data, extraRows.length, cols), labels, parents };
  }

  const pick = (values: Int32Array): Int32Array => recipeRows.map((i) => values[i] as number);
  const pickFloats = (values: Float32Array): Float32Array => Float32Array.from(recipeRows, (i) => values[i] as number);
  return {
    sampler: second.sampler,
    options: second.options,
    originalRows: n,
    keep: first.keep === 'all' && second.keep === 'all' ? 'all' : output.filter((id) => id < n),
    recipes: {
      base: recipeRows.map((i) => finalId[base[i] as number] as number),
      other: recipeRows.map((i) => finalId[(step[i] === 0 ? base : other)[i] as number] as number),
      step: pickFloats(step),
      label: pick(label),
      ...(soft && { otherLabel: pick(soft.otherLabel), labelWeight: pickFloats(soft.labelWeight) }),
    },
    ...(extraRows.length > 0 && { extra: gatherExtra() }),
    perClass: mergeOutcomes(first.perClass, second.perClass),
  };
}
