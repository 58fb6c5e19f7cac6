/** One training and its judgement: a pure function of rows, options and seed, in whichever thread it runs. */

import { outcomesOn, type AnyOutcomes } from '../metric/index.js';
import { trainHead, type TrainHeadOptions } from '../strategy/index.js';
import type { TrainedHead } from '../train/index.js';
import type { ComparedParts } from './parts.js';
import { gapOf, type TrainedGap } from './trained-rows.js';

export interface JobSpec {
  /** Of `trainHead`, the seed among them. */
  readonly options: TrainHeadOptions & { readonly seed: number };
  /** What judges: selection must not see test rows. */
  readonly judgedOn: 'validation' | 'test';
}

export interface JobResult {
  /** Training only, with the sampler's search. */
  readonly seconds: number;
  readonly bestEpoch: number;
  /** Everything needed to say what was done, as JSON. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Training rows a class. */
  readonly trainCounts: readonly number[];
  readonly outcomes: AnyOutcomes;
  /** Null where selection is all that is asked. */
  readonly gap: TrainedGap | null;
}

export interface JobContext {
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onHead?: (head: TrainedHead) => void;
}

export async function runJob(
  { train, validation, test }: ComparedParts,
  { options, judgedOn }: JobSpec,
  { threads, signal, onHead }: JobContext = {},
): Promise<JobResult> {
  const limits = { ...(threads !== undefined && { threads }), ...(signal && { signal }) };
  const started = performance.now();
  const head = await trainHead(train, {
    ...limits,
    ...options,
    ...(validation && validation.labels.length > 0 && { validation }),
  });
  const seconds = (performance.now() - started) / 1000;
  const judged = judgedOn === 'test' ? test : (validation ?? test);
  const outcomes = outcomesOn(head, judged);
  onHead?.(head);
  return {
    seconds,
    bestEpoch: head.bestEpoch,
    settings: head.settings,
    trainCounts: [...train.classCounts],
    outcomes,
    gap: judgedOn === 'test' ? await gapOf(head, { train, test }, options.seed, limits) : null,
  };
}
