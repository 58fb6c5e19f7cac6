/** What all over-samplers share: options, targets, one neighbour search, a stream of draws a class, the record of what happened. */

import { assertTraining, brandResampled, type TrainingSet } from '../core/embedding-set.js';
import { expected, throwIfAborted } from '../core/errors.js';
import { dense } from '../core/matrix.js';
import { integer, resolveOptions, type OptionRules, type OptionsOf } from '../core/options.js';
import type { ClassOutcome, ResamplingPlan } from '../core/plan.js';
import { createRng } from '../core/rng.js';
import { defaultThreads, loadKernels, materialize, type Among } from '../kernels/index.js';
import type {
  ClassSource,
  ClassTask,
  Neighbors,
  PlanContext,
  Recipe,
  ResampledSet,
  Sampler,
  SamplerDefinition,
  SamplerEntry,
} from './sampler.js';
import { resolveSamplingStrategy, samplingStrategyRule } from './sampling-strategy.js';

const sharedRules = {
  samplingStrategy: samplingStrategyRule,
  seed: integer({
    min: 0,
    default: 0,
    help: 'every draw follows from it: same seed, same rows, on any machine and thread count',
  }),
};

/** Everything about a training set that does not change from draw to draw. */
interface Prepared {
  readonly sources: readonly { readonly source: ClassSource; readonly count: number; readonly classId: number }[];
  readonly perClass: readonly ClassOutcome[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** The rows of each class, ascending. */
function membersByClass(labels: Int32Array, counts: Int32Array): Int32Array[] {
  const members = Array.from(counts, (count) => new Int32Array(count));
  const filled = new Int32Array(counts.length);
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    (members[label] as Int32Array)[(filled[label] as number)++] = row;
  }
  return members;
}

function concat(parts: readonly Int32Array[]): Int32Array {
  const whole = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Searches for the members of all growing classes at once, the first time any of them asks. */
function createSearch(set: TrainingSet, growing: readonly Int32Array[], context: PlanContext) {
  const { data, rows, cols } = dense(set.embeddings);
  const queries = concat(growing);
  const kernels = context.kernels ?? loadKernels();
  const known = new Map<string, Promise<Neighbors>>();

  async function run(wanted: Int32Array, k: number, among: Among): Promise<Neighbors> {
    throwIfAborted(context.signal, 'searching for neighbours');
    const { onProgress, signal } = context;
    const found = await kernels.nearest({
      x: data,
      rows,
      cols,
      labels: set.labels,
      queries: wanted,
      k,
      among,
      threads: context.threads ?? defaultThreads(),
      ...(signal && { signal }),
      ...(onProgress && { onProgress: (done) => onProgress({ stage: 'search', done, total: wanted.length }) }),
    });
    return { k, ...found };
  }

  return async (start: number, length: number, query: Parameters<ClassTask<unknown>['search']>[0]) => {
    const k = Math.min(query.k, rows - 1);
    if (query.rows) return run(query.rows, k, query.among);
    const key = `${query.among} ${k}`;
    const whole = known.get(key) ?? run(queries, k, query.among);
    known.set(key, whole);
    const { indices, l2sq } = await whole;
    const part = [start * k, (start + length) * k] as const;
    return { k, indices: indices.subarray(...part), l2sq: l2sq.subarray(...part) };
  };
}

/**
 * Makes a registry entry out of a method's own part.
 *
 * @example
 * export const smote = defineSampler({ name: 'smote', summary: …, towards: 'same-class', options: {…}, prepare(task) {…} });
 * smote({ kNeighbors: 3 }).plan(train);
 */
export function defineSampler<const N extends string, R extends OptionRules>(
  definition: SamplerDefinition<N, R>,
): SamplerEntry<R & typeof sharedRules> & { readonly name: N } {
  const { name, summary, paper, towards } = definition;
  const rules = { ...definition.options, ...sharedRules };

  async function prepare(
    set: TrainingSet,
    options: OptionsOf<R> & OptionsOf<typeof sharedRules>,
    context: PlanContext,
  ): Promise<Prepared> {
    const { classCounts, classNames } = set;
    const totals = resolveSamplingStrategy(
      options.samplingStrategy,
      classCounts,
      classNames,
      'over',
      `${name}.samplingStrategy`,
    );
    const members = membersByClass(set.labels, classCounts);
    const growing = [...totals.keys()].filter((c) => (totals[c] as number) > (classCounts[c] as number));
    const search = createSearch(
      set,
      growing.map((c) => members[c] as Int32Array),
      context,
    );
    const sources: { source: ClassSource; count: number; classId: number }[] = [];
    const perClass: ClassOutcome[] = Array.from(classNames, (className, classId) => {
      const before = classCounts[classId] as number;
      return { classId, name: className, before, after: before };
    });
    let start = 0;
    for (const classId of growing) {
      const own = members[classId] as Int32Array;
      const from = start;
      const wanted = (totals[classId] as number) - own.length;
      const source = await definition.prepare({
        set,
        classId,
        members: own,
        count: wanted,
        options,
        search: (query) => search(from, own.length, query),
      });
      start += own.length;
      const { count = wanted, eligibleBases, kNeighbors, fallback } = source;
      sources.push({ source, count, classId });
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
        ? Object.fromEntries(classNames.map((className, c) => [className, totals[c]]))
        : options.samplingStrategy;
    return { sources, perClass, options: { ...options, samplingStrategy } };
  }

  function drawPlan(set: TrainingSet, prepared: Prepared, seed: number, draw: number): ResamplingPlan {
    const total = prepared.sources.reduce((sum, { count }) => sum + count, 0);
    const base = new Int32Array(total);
    const other = new Int32Array(total);
    const step = new Float32Array(total);
    const label = new Int32Array(total);
    const recipe: Recipe = { base: 0, other: 0, step: 0 };
    let at = 0;
    for (const { source, count, classId } of prepared.sources) {
      const draws = createRng(seed, `${name}/${draw}/${set.classNames[classId]}`).cursor();
      label.fill(classId, at, at + count);
      for (let sample = 0; sample < count; sample++, at++) {
        source.draw(draws.seek(sample), recipe, sample);
        base[at] = recipe.base;
        other[at] = recipe.other;
        step[at] = recipe.step;
      }
    }
    const { options, perClass } = prepared;
    const recipes = { base, other, step, label };
    return { sampler: name, options, originalRows: set.labels.length, keep: 'all', recipes, perClass };
  }

  function create(given?: Partial<OptionsOf<R & typeof sharedRules>>): Sampler {
    const options = resolveOptions(name, rules, given) as OptionsOf<R> & OptionsOf<typeof sharedRules>;
    definition.check?.(options);
    const cache = new WeakMap<TrainingSet, Prepared>();

    async function plan(train: TrainingSet, context: PlanContext = {}): Promise<ResamplingPlan> {
      assertTraining(train, name);
      const { draw = 0, threads = 1, signal } = context;
      if (!Number.isSafeInteger(draw) || draw < 0) throw expected('a whole number >= 0', `${name}.plan's draw`, draw);
      if (!Number.isSafeInteger(threads) || threads < 1)
        throw expected('a whole number >= 1', `${name}.plan's threads`, threads);
      throwIfAborted(signal, `planning ${name}`);
      let prepared = cache.get(train);
      if (!prepared) {
        prepared = await prepare(train, options, context);
        cache.set(train, prepared);
      }
      return drawPlan(train, prepared, options.seed, draw);
    }

    async function fitResample(train: TrainingSet, context: PlanContext = {}): Promise<ResampledSet> {
      const made = await plan(train, context);
      const { kernels, threads } = context;
      return brandResampled({
        embeddings: materialize(train.embeddings, made, {
          ...(kernels && { kernels }),
          ...(threads !== undefined && { threads }),
        }),
        labels: concat([train.labels, made.recipes.label]),
        classNames: train.classNames,
        plan: made,
        original: made.originalRows,
      });
    }

    return { name, options, plan, fitResample };
  }

  const properties = { name, summary, towards, options: rules, ...(paper !== undefined && { paper }) };
  for (const [key, value] of Object.entries(properties))
    Object.defineProperty(create, key, { value, enumerable: true, configurable: true });
  return create as unknown as SamplerEntry<R & typeof sharedRules> & { readonly name: N };
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
