/** What every kind of sampler shares: options, the training brand, the rows of a plan made real. */

import {
  assertTraining,
  brandResampled,
  withoutEmbeddings,
  type AnyTrainingSet,
  type LabelledRows,
  type TrainingSet,
} from '../core/embedding-set.js';
import { expected, throwIfAborted } from '../core/errors.js';
import { integer, resolveOptions, type OptionRules, type OptionsOf } from '../core/options.js';
import type { ResamplingPlan } from '../core/plan.js';
import { assertOneLabel } from '../core/targets.js';
import { materialize } from '../kernels/index.js';
import type { PlanContext, ResampledSet, Sampler, SamplerEntry, SamplerProperties } from './sampler.js';
import { samplingStrategyRule } from './sampling-strategy.js';

export const seedRule = integer({
  min: 0,
  default: 0,
  help: 'every draw follows from it: same seed, same rows, on any machine and thread count',
});

/** Options of every sampler that has totals to reach. */
export const sharedRules = { samplingStrategy: samplingStrategyRule, seed: seedRule };

export interface Method<R extends OptionRules> {
  readonly options: R;
  /** Refuses options that are right one by one but not together. */
  check?(options: OptionsOf<R>): void;
  /** Called once a sampler; what it returns is called once a plan, with arguments that are checked, and may keep what it found before. */
  start(options: OptionsOf<R>): (train: TrainingSet, context: PlanContext, draw: number) => Promise<ResamplingPlan>;
}

/** The class ids of the rows of a plan, in their order. */
export function labelsAfter({ labels }: LabelledRows, { keep, recipes, extra }: ResamplingPlan): Int32Array {
  const kept = keep === 'all' ? labels : keep.map((row) => labels[row] as number);
  const made = kept.length + recipes.label.length;
  const after = new Int32Array(made + (extra?.labels.length ?? 0));
  after.set(kept);
  after.set(recipes.label, kept.length);
  if (extra) after.set(extra.labels, made);
  return after;
}

/** The rows of a plan: kept ones first, then one a recipe, then the extra ones. */
export function resampled(train: TrainingSet, plan: ResamplingPlan, context: PlanContext): ResampledSet {
  const { keep, recipes, originalRows } = plan;
  const labels = labelsAfter(train, plan);
  const original = keep === 'all' ? originalRows : keep.length;
  const { otherLabel, labelWeight } = recipes;
  const soft = otherLabel &&
    labelWeight && { otherLabels: labels.slice(), labelWeights: new Float32Array(labels.length).fill(1) };
  if (soft) {
    soft.otherLabels.set(otherLabel, original);
    soft.labelWeights.set(labelWeight, original);
  }
  const { kernels, threads } = context;
  return brandResampled({
    embeddings: materialize(train.embeddings, plan, {
      ...(kernels && { kernels }),
      ...(threads !== undefined && { threads }),
    }),
    labels,
    ...soft,
    classNames: train.classNames,
    plan,
    original,
  });
}

/** Makes a registry entry: a function from options to a sampler that carries what it declares about itself. */
export function samplerEntry<const N extends string, R extends OptionRules>(
  properties: SamplerProperties & { readonly name: N },
  method: Method<R>,
): SamplerEntry<R> & { readonly name: N } {
  const { name, reads } = properties;
  const { options: rules } = method;

  function create(given?: Partial<OptionsOf<R>>): Sampler {
    const options = resolveOptions(name, rules, given);
    method.check?.(options);
    const make = method.start(options);
    // What a method found out about a set is kept by the set it was given, so a set on disk needs to be given as the same one each time.
    const known = new WeakMap<AnyTrainingSet, TrainingSet>();
    const planned = (set: AnyTrainingSet): TrainingSet => {
      if (!('rows' in set)) return set;
      const given = known.get(set) ?? withoutEmbeddings(set, name);
      known.set(set, given);
      return given;
    };

    async function plan(given: AnyTrainingSet, context: PlanContext = {}): Promise<ResamplingPlan> {
      const train = planned(given);
      assertTraining(train, name);
      assertOneLabel(train, name, 'Weigh classes in the loss, or choose a class-balanced batch sampler');
      const { draw = 0, threads = 1, signal } = context;
      if (!Number.isSafeInteger(draw) || draw < 0) throw expected('a whole number >= 0', `${name}.plan's draw`, draw);
      if (!Number.isSafeInteger(threads) || threads < 1)
        throw expected('a whole number >= 1', `${name}.plan's threads`, threads);
      throwIfAborted(signal, `planning ${name}`);
      return make(train, context, draw);
    }

    return {
      name,
      reads,
      options,
      plan,
      fitResample: async (train, context = {}) => resampled(train, await plan(train, context), context),
    };
  }

  for (const [key, value] of Object.entries({ ...properties, options: rules }))
    Object.defineProperty(create, key, { value, enumerable: true, configurable: true });
  return create as unknown as SamplerEntry<R> & { readonly name: N };
}
