/** What all under-samplers share: which classes may lose rows and how many, the search, the plan and the record of what happened. */

import type { EmbeddingSet, TrainingSet } from '../core/embedding-set.js';
import { dense, type Dense, type Matrix } from '../core/matrix.js';
import type { OptionRule, OptionRules, OptionsOf } from '../core/options.js';
import type { ClassOutcome, ResamplingPlan } from '../core/plan.js';
import type { Entry } from '../core/registry.js';
import { createRng, type Rng } from '../core/rng.js';
import { loadKernels, type Kernels } from '../kernels/index.js';
import { cleaningStrategyRule, resolveCleaningStrategy } from './cleaning-strategy.js';
import { samplerEntry } from './entry.js';
import { nearestAmong, type AmongQuery } from './nearest-among.js';
import type { NeighborQuery, Neighbors, PlanContext, SamplerEntry, SamplerProperties } from './sampler.js';
import { resolveSamplingStrategy, samplingStrategyRule } from './sampling-strategy.js';
import { createSearch, membersByClass } from './search.js';

/** What a method is told about the set it is to thin out. */
export interface UnderTask<O> {
  readonly set: EmbeddingSet;
  readonly x: Dense;
  readonly options: O;
  /** Classes that may lose rows, ascending; no other does. */
  readonly targets: readonly number[];
  /** Rows each class is to have after; for cleaning methods what it has. */
  readonly totals: Int32Array;
  /** Rows of each class, ascending. */
  readonly members: readonly Int32Array[];
  /** The smallest class that has rows; of several the first in the class table. */
  readonly minority: number;
  /** Nearest neighbours of all rows, or of those named; `k` is cut to the rows there are besides the query. */
  search(query: NeighborQuery): Promise<Neighbors>;
  /** Nearest of some rows to others, in bounded memory. */
  searchAmong(query: AmongQuery): Promise<void>;
  /** Draws of a class; the same in every later draw of the plan unless the definition says `draws: 'anew'`. */
  rng(classId: number): Rng;
  readonly kernels: Kernels;
  readonly signal?: AbortSignal;
}

/** What stays. */
export interface Selection {
  /** One entry a row: not 0 where it stays. */
  readonly keep: Uint8Array;
  /** Rows that are to be there once more, beside the one kept. */
  readonly repeats?: readonly number[];
  /** Rows that stand for others. */
  readonly extra?: {
    readonly embeddings: Matrix;
    readonly labels: Int32Array;
    readonly parents: readonly Int32Array[];
  };
  /** By class: what is to be said of it. */
  readonly notes?: ReadonlyMap<number, Pick<ClassOutcome, 'kNeighbors' | 'fallback'>>;
}

/** What the file of an under-sampler says; `defineUnderSampler` and `defineCleaningSampler` do the rest. */
export interface UnderDefinition<N extends string, R extends OptionRules>
  extends Entry, Partial<Pick<SamplerProperties, 'totals' | 'reads'>> {
  readonly name: N;
  /** With `seed: seedRule` among them if it draws. */
  readonly options: R;
  /** `anew`: each draw of a plan selects again; otherwise one selection serves them all. */
  readonly draws?: 'once' | 'anew';
  /** Refuses options that are right one by one but not together. */
  check?(options: OptionsOf<R>): void;
  select(task: UnderTask<OptionsOf<R>>): Selection | Promise<Selection>;
}

interface Resolved {
  readonly targets: readonly number[];
  readonly totals: Int32Array;
  /** The strategy as the plan records it. */
  readonly said: unknown;
}

/** Rows kept once, and once more for each further time that they were chosen. */
function recipesOf(repeats: readonly number[], labels: Int32Array): ResamplingPlan['recipes'] {
  const base = Int32Array.from(repeats);
  return { base, other: base.slice(), step: new Float32Array(base.length), label: base.map((row) => labels[row] ?? 0) };
}

function outcomes(
  { classNames, classCounts, labels }: EmbeddingSet,
  { keep, repeats = [], extra, notes }: Selection,
): ClassOutcome[] {
  const after = new Int32Array(classNames.length);
  for (let row = 0; row < keep.length; row++) if (keep[row]) after[labels[row] as number]!++;
  for (const row of repeats) after[labels[row] as number]!++;
  for (const label of extra?.labels ?? []) after[label]!++;
  return Array.from(classNames, (name, classId) => ({
    classId,
    name,
    before: classCounts[classId] as number,
    after: after[classId] as number,
    ...notes?.get(classId),
    ...(after[classId] === 0 && (classCounts[classId] as number) > 0 && { fallback: 'every row was removed' }),
  }));
}

function defineUnder<const N extends string, R extends OptionRules, S>(
  definition: UnderDefinition<N, R>,
  rule: OptionRule<S>,
  totals: SamplerProperties['totals'],
  resolve: (strategy: S, set: EmbeddingSet, owner: string) => Resolved,
): SamplerEntry<R & { samplingStrategy: OptionRule<S> }> & { readonly name: N } {
  const { name, summary, paper, reads = 'embeddings', draws = 'once' } = definition;

  async function make(
    set: TrainingSet,
    options: OptionsOf<R> & { samplingStrategy: S; seed?: number },
    context: PlanContext,
    stream: string,
  ): Promise<ResamplingPlan> {
    const { samplingStrategy, seed = 0 } = options;
    const { labels, classCounts, classNames } = set;
    const { said, ...resolved } = resolve(samplingStrategy, set, `${name}.samplingStrategy`);
    const present = [...classCounts.keys()].filter((c) => (classCounts[c] as number) > 0);
    const search = createSearch(set, Int32Array.from(labels.keys()), context);
    const selection = await definition.select({
      ...resolved,
      set,
      get x() {
        return dense(set.embeddings);
      },
      options,
      members: membersByClass(labels, classCounts),
      minority: present.reduce((best, c) => ((classCounts[c] as number) < (classCounts[best] as number) ? c : best)),
      search,
      searchAmong: (query) => nearestAmong(dense(set.embeddings), search, query),
      rng: (classId) => createRng(seed, `${name}/${stream}/${classNames[classId]}`),
      kernels: context.kernels ?? loadKernels(),
      ...(context.signal && { signal: context.signal }),
    });
    const { keep, repeats = [], extra } = selection;
    const recorded = Object.entries({ ...options, samplingStrategy: said }).map(([option, value]) => [
      option,
      typeof value === 'function' ? value.name || 'a function' : value,
    ]);
    return {
      sampler: name,
      options: Object.fromEntries(recorded),
      originalRows: labels.length,
      keep: Int32Array.from(labels.keys()).filter((row) => keep[row]),
      recipes: recipesOf(repeats, labels),
      ...(extra && { extra }),
      perClass: outcomes(set, selection),
    };
  }

  return samplerEntry(
    {
      name,
      summary,
      ...(paper !== undefined && { paper }),
      kind: 'under',
      totals: definition.totals ?? totals,
      columns: 'any',
      reads,
      classes: 'together',
    },
    {
      options: { ...definition.options, samplingStrategy: rule },
      ...(definition.check && { check: (options) => definition.check?.(options as OptionsOf<R>) }),
      start(options) {
        const given = options as OptionsOf<R> & { samplingStrategy: S; seed?: number };
        if (draws === 'anew') return (train, context, draw) => make(train, given, context, String(draw));
        const cache = new WeakMap<TrainingSet, ResamplingPlan>();
        return async (train, context) => {
          const plan = cache.get(train) ?? (await make(train, given, context, 'once'));
          cache.set(train, plan);
          return plan;
        };
      },
    },
  );
}

/**
 * Makes a registry entry out of an under-sampler that is told how many rows each class is to keep.
 *
 * @example
 * export const nearMiss = defineUnderSampler({ name: 'near-miss', summary: …, options: {…}, select(task) {…} });
 */
export function defineUnderSampler<const N extends string, R extends OptionRules>(definition: UnderDefinition<N, R>) {
  return defineUnder(definition, samplingStrategyRule, 'exact', (strategy, { classCounts, classNames }, owner) => {
    const totals = resolveSamplingStrategy(strategy, classCounts, classNames, 'under', owner);
    const said =
      typeof strategy === 'function' ? Object.fromEntries(classNames.map((name, c) => [name, totals[c]])) : strategy;
    return { totals, targets: [...totals.keys()].filter((c) => totals[c] !== classCounts[c]), said };
  });
}

/** The same for one that is told which classes may lose rows, and finds out itself how many. */
export function defineCleaningSampler<const N extends string, R extends OptionRules>(
  definition: UnderDefinition<N, R>,
) {
  return defineUnder(
    definition,
    cleaningStrategyRule,
    'approximate',
    (strategy, { classCounts, classNames }, owner) => {
      const targets = resolveCleaningStrategy(strategy, classCounts, classNames, owner);
      const said = typeof strategy === 'function' ? targets.map((c) => classNames[c]) : strategy;
      return { totals: classCounts, targets, said };
    },
  );
}

/** A mask in which every row stays. */
export function keepAll({ set }: Pick<UnderTask<unknown>, 'set'>): Uint8Array {
  return new Uint8Array(set.labels.length).fill(1);
}

/** Leaves only `rows` of `members`. */
export function keepOnly(keep: Uint8Array, members: Int32Array, rows: Iterable<number>): void {
  for (const row of members) keep[row] = 0;
  for (const row of rows) keep[row] = 1;
}

/** The `count` members with the smallest scores, ties to the lower row. */
export function lowest(members: Int32Array, scores: ArrayLike<number>, count: number): Int32Array {
  const order = Array.from(members.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number) || a - b);
  return Int32Array.from(order.slice(0, count), (i) => members[i] as number);
}
