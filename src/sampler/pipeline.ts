/** Several samplers, one after the other, as one. */

import {
  assertTraining,
  brand,
  countClasses,
  withoutEmbeddings,
  type AnyTrainingSet,
  type TrainingSet,
} from '../core/embedding-set.js';
import { EquipoiseError, expected, throwIfAborted } from '../core/errors.js';
import { matrix } from '../core/matrix.js';
import type { ResamplingPlan } from '../core/plan.js';
import { materialize } from '../kernels/index.js';
import { composePlans } from './compose-plans.js';
import { labelsAfter, resampled } from './entry.js';
import type { PlanContext, Sampler } from './sampler.js';

/** The rows that a plan leaves, as a later stage sees them; without embeddings where none looks at them. */
function nextSet(train: TrainingSet, plan: ResamplingPlan, { kernels }: PlanContext, read: boolean): TrainingSet {
  const labels = labelsAfter(train, plan);
  const kept = plan.keep === 'all' ? train.ids : Array.from(plan.keep, (row) => train.ids[row] as string);
  return brand(
    {
      embeddings: read
        ? materialize(train.embeddings, plan, kernels && { kernels })
        : matrix(new Float32Array(0), labels.length, 0),
      labels,
      classNames: train.classNames,
      classCounts: countClasses(labels, train.classNames.length),
      ids: Array.from(labels, (_, i) => kept[i] ?? `synthetic ${i - kept.length}`),
      ...(read && train.columns && { columns: train.columns }),
    },
    'train',
  );
}

/** What a later stage lacks may have been removed by those before it. */
function ofStage(i: number, { name }: Sampler, error: unknown): unknown {
  if (!(error instanceof EquipoiseError) || error.code !== 'ERR_DATA') return error;
  return new EquipoiseError(
    'ERR_DATA',
    `Stage ${i + 1} of the pipeline, ${name}, sees only the rows that the stages before it left: ${error.message}`,
    { cause: error },
  );
}

/**
 * Runs samplers one after the other; each sees the rows that those before it leave, and the plan of them all is one plan for
 * the original rows.
 *
 * Cleaning after over-sampling removes synthetic rows like any others. Stages that look at embeddings and follow another search among
 * the rows it leaves, so those are made while the plan is being decided; the plan itself is recipes again, made window by window.
 *
 * @throws ERR_OPTION for anything but a list of samplers; what the stages throw.
 *
 * @example
 * const sampler = pipeline([samplers['tomek-links'](), samplers.smote({ kNeighbors: 3 })]);
 * const plan = await sampler.plan(train);
 */
export function pipeline(stages: readonly Sampler[]): Sampler {
  if (!Array.isArray(stages) || stages.length === 0) throw expected('a list of samplers', 'pipeline', stages);
  for (const [i, stage] of (stages as readonly (Sampler | undefined)[]).entries())
    if (typeof stage?.plan !== 'function') throw expected('a sampler', `pipeline[${i}]`, stage);
  const reading = stages.map(({ reads }) => reads === 'embeddings');
  // A stage without draws gives one plan for one set: then the rows after it stay, and with them what later stages found out.
  const known = new WeakMap<AnyTrainingSet, WeakMap<ResamplingPlan, { whole: ResamplingPlan; set: AnyTrainingSet }>>();

  async function plan(given: AnyTrainingSet, context: PlanContext = {}): Promise<ResamplingPlan> {
    assertTraining(given, 'pipeline');
    const train = 'rows' in given ? withoutEmbeddings(given, 'a pipeline whose later stages read embeddings') : given;
    const { signal } = context;
    const kernels = context.kernels && { kernels: context.kernels };
    let before: ResamplingPlan | undefined;
    let set: AnyTrainingSet = given;
    const said: Record<string, unknown>[] = [];
    for (const [i, stage] of stages.entries()) {
      throwIfAborted(signal, `planning ${stage.name}`);
      const own = await stage.plan(set, context).catch((error: unknown) => {
        throw i === 0 ? error : ofStage(i, stage, error);
      });
      said.push({ name: own.sampler, ...own.options });
      const seen = known.get(set) ?? new WeakMap<ResamplingPlan, { whole: ResamplingPlan; set: AnyTrainingSet }>();
      known.set(set, seen);
      let next = seen.get(own);
      if (!next) {
        const named = {
          ...own,
          perClass: own.perClass.map((outcome) =>
            outcome.fallback === undefined ? outcome : { ...outcome, fallback: `${stage.name}: ${outcome.fallback}` },
          ),
        };
        const first = before;
        const whole = first
          ? composePlans(first, named, () => materialize(materialize(train.embeddings, first, kernels), own, kernels))
          : named;
        const last = i === stages.length - 1;
        next = { whole, set: last ? set : nextSet(train, whole, context, reading.slice(i + 1).includes(true)) };
        seen.set(own, next);
      }
      before = next.whole;
      set = next.set;
    }
    return { ...(before as ResamplingPlan), sampler: 'pipeline', options: { stages: said } };
  }

  return {
    name: 'pipeline',
    reads: reading.includes(true) ? 'embeddings' : 'labels',
    options: { stages: stages.map(({ name, options }) => ({ name, ...options })) },
    plan,
    fitResample: async (train, context = {}) => resampled(train, await plan(train, context), context),
  };
}
