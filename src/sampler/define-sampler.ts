/** What all over-samplers share: targets, one neighbour search, a stream of draws a class, the record of what happened. */

import type { TrainingSet } from '../core/embedding-set.js';
import { dense, matrix } from '../core/matrix.js';
import type { OptionRules, OptionsOf } from '../core/options.js';
import type { ClassOutcome, ResamplingPlan } from '../core/plan.js';
import { createRng } from '../core/rng.js';
import { loadKernels } from '../kernels/index.js';
import { samplerEntry, sharedRules } from './entry.js';
import type {
  ClassSource,
  NeighborQuery,
  Neighbors,
  PlanContext,
  Recipe,
  SamplerDefinition,
  SamplerEntry,
} from './sampler.js';
import { resolveSamplingStrategy } from './sampling-strategy.js';
import { concat, createSearch, membersByClass } from './search.js';

interface Growth {
  readonly source: ClassSource;
  readonly count: number;
  /** How many of `count` are recipes; `source.alter` makes the others. */
  readonly recipes: number;
  readonly classId: number;
}

/** Everything about a training set that does not change from draw to draw. */
interface Prepared {
  readonly growths: readonly Growth[];
  readonly perClass: readonly ClassOutcome[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** Searches for the members of all growing classes at once, the first time any of them asks. */
function createPooledSearch(set: TrainingSet, growing: readonly Int32Array[], context: PlanContext) {
  const search = createSearch(set, concat(growing), context);
  const known = new Map<string, Promise<Neighbors>>();
  return async (start: number, length: number, query: NeighborQuery): Promise<Neighbors> => {
    if (query.rows || query.labels || query.space) return search(query);
    const key = `${query.among} ${query.k}`;
    const whole = known.get(key) ?? search(query);
    known.set(key, whole);
    const { k, indices, l2sq } = await whole;
    const part = [start * k, (start + length) * k] as const;
    return { k, indices: indices.subarray(...part), l2sq: l2sq.subarray(...part) };
  };
}

/** Recipes in the making. */
function recipeArrays(length: number, soft: boolean) {
  return {
    base: new Int32Array(length),
    other: new Int32Array(length),
    step: new Float32Array(length),
    label: new Int32Array(length),
    ...(soft && { otherLabel: new Int32Array(length), labelWeight: new Float32Array(length) }),
  };
}

/**
 * Makes a registry entry out of an over-sampler's own part.
 *
 * @example
 * export const smote = defineSampler({ name: 'smote', summary: …, towards: 'same-class', options: {…}, prepare(task) {…} });
 * smote({ kNeighbors: 3 }).plan(train);
 */
export function defineSampler<const N extends string, R extends OptionRules>(
  definition: SamplerDefinition<N, R>,
): SamplerEntry<R & typeof sharedRules> & { readonly name: N } {
  const { name, summary, paper, towards } = definition;
  const { totals = 'exact', columns = 'any', reads = 'embeddings', classes = 'one by one' } = definition;
  const softLabels = definition.softLabels === true;
  const { check } = definition;
  type Options = OptionsOf<R & typeof sharedRules>;

  async function prepare(set: TrainingSet, given: Options, context: PlanContext): Promise<Prepared> {
    const options = given as OptionsOf<R> & OptionsOf<typeof sharedRules>;
    const { classCounts, classNames } = set;
    const after = resolveSamplingStrategy(
      options.samplingStrategy,
      classCounts,
      classNames,
      'over',
      `${name}.samplingStrategy`,
    );
    const members = membersByClass(set.labels, classCounts);
    const wanted = after.map((total, c) => total - (classCounts[c] as number));
    const growing = [...wanted.keys()].filter((c) => (wanted[c] as number) > 0);
    const search = createPooledSearch(
      set,
      growing.map((c) => members[c] as Int32Array),
      context,
    );
    const rng = createRng(options.seed, `${name}/prepare`);
    let shared: { value: unknown } | undefined;
    const growths: Growth[] = [];
    const perClass: ClassOutcome[] = Array.from(classNames, (className, classId) => {
      const before = classCounts[classId] as number;
      return { classId, name: className, before, after: before };
    });
    let start = 0;
    for (const classId of growing) {
      const own = members[classId] as Int32Array;
      const from = start;
      const source = await definition.prepare({
        set,
        classId,
        members: own,
        count: wanted[classId] as number,
        totalCount: wanted.reduce((a, b) => a + b, 0),
        options,
        search: (query) => search(from, own.length, query),
        rng: rng.substream(`class/${classNames[classId]}`),
        once: <T>(make: (rng: ReturnType<typeof createRng>) => T) =>
          (shared ??= { value: make(rng.substream('once')) }).value as T,
        kernels: context.kernels ?? loadKernels(),
        ...(context.signal && { signal: context.signal }),
      });
      start += own.length;
      const { count = wanted[classId] as number, eligibleBases, kNeighbors, fallback } = source;
      growths.push({ source, count, classId, recipes: source.alter ? Math.min(count, source.alterFrom ?? 0) : count });
      perClass[classId] = {
        ...(perClass[classId] as ClassOutcome),
        after: own.length + count,
        ...(eligibleBases !== undefined && { eligibleBases }),
        ...(kNeighbors !== undefined && { kNeighbors }),
        ...(fallback !== undefined && { fallback }),
      };
    }
    const samplingStrategy =
      typeof options.samplingStrategy === 'function'
        ? Object.fromEntries(classNames.map((className, c) => [className, after[c]]))
        : options.samplingStrategy;
    return { growths, perClass, options: { ...options, samplingStrategy } };
  }

  function drawPlan(
    set: TrainingSet,
    { growths, perClass, options }: Prepared,
    seed: number,
    draw: number,
    context: PlanContext,
  ): ResamplingPlan {
    const { labels } = set;
    const total = growths.reduce((sum, { count }) => sum + count, 0);
    const made = growths.reduce((sum, { recipes }) => sum + recipes, 0);
    const recipes = recipeArrays(made, softLabels);
    const altered = recipeArrays(total - made, false);
    const recipe: Recipe = { base: 0, other: 0, step: 0, labelWeight: 1 };
    const stream = (classId: number) => createRng(seed, `${name}/${draw}/${set.classNames[classId]}`);
    let at = 0;
    let alteredAt = 0;
    for (const growth of growths) {
      const draws = stream(growth.classId).cursor();
      for (let sample = 0; sample < growth.count; sample++) {
        growth.source.draw(draws.seek(sample), recipe, sample);
        const into = sample < growth.recipes ? recipes : altered;
        const i = sample < growth.recipes ? at++ : alteredAt++;
        into.base[i] = recipe.base;
        into.other[i] = recipe.other;
        into.step[i] = recipe.step;
        into.label[i] = growth.classId;
        if (!into.otherLabel || !into.labelWeight) continue;
        into.otherLabel[i] = labels[recipe.other] as number;
        into.labelWeight[i] = recipe.labelWeight;
      }
    }
    const plan = { sampler: name, options, originalRows: labels.length, keep: 'all', recipes, perClass } as const;
    if (total === made) return plan;

    const { data, cols } = dense(set.embeddings);
    const rows = new Float32Array((total - made) * cols);
    if (cols > 0) (context.kernels ?? loadKernels()).interpolate({ ...altered, x: data, cols, out: rows });
    const parents: Int32Array[] = [];
    for (const { source, count, recipes: before, classId } of growths) {
      const draws = stream(classId).substream('alter').cursor();
      for (let sample = before; sample < count; sample++) {
        const i = parents.length;
        recipe.base = altered.base[i] as number;
        recipe.other = altered.other[i] as number;
        recipe.step = altered.step[i] as number;
        const row = rows.subarray(i * cols, (i + 1) * cols);
        parents.push(Int32Array.from(source.alter?.(row, recipe, draws.seek(sample)) ?? []));
      }
    }
    return { ...plan, extra: { embeddings: matrix(rows, parents.length, cols), labels: altered.label, parents } };
  }

  return samplerEntry(
    { name, summary, ...(paper !== undefined && { paper }), kind: 'over', towards, totals, columns, reads, classes },
    {
      options: { ...definition.options, ...sharedRules },
      ...(check && { check: (options: Options) => check.call(definition, options as OptionsOf<R>) }),
      start(options: Options) {
        const cache = new WeakMap<TrainingSet, Prepared>();
        return async (train, context, draw) => {
          let prepared = cache.get(train);
          if (!prepared) {
            prepared = await prepare(train, options, context);
            cache.set(train, prepared);
          }
          return drawPlan(train, prepared, (options as OptionsOf<typeof sharedRules>).seed, draw, context);
        };
      },
    },
  );
}

/** The rule for a class that is too small for a method's own way: copies of its rows. */
export function duplicates(members: Int32Array, fallback?: string): ClassSource {
  return {
    draw(draws, recipe) {
      recipe.base = recipe.other = members[draws.below(members.length)] as number;
      recipe.step = 0;
    },
    ...(fallback !== undefined && { fallback }),
  };
}

/** A `kNeighbors` for the class's outcome, present only where it is not what was asked. */
export function usedNeighbors(asked: number, used: number): Pick<ClassOutcome, 'kNeighbors'> {
  return used === asked ? {} : { kNeighbors: used };
}
