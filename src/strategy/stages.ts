/** Trainings one after the other, each going on from the head of the one before. */

import { brand, selectRows, type AnySet, type AnyTrainingSet } from '../core/embedding-set.js';
import { lookUp } from '../core/registry.js';
import { heads } from '../head/index.js';
import { fitHead, type FitExtras, type TrainedHead, type TrainOptions } from '../train/index.js';
import type { Stage } from './strategy.js';

/** Whether a head, as `trainHead` takes it, has layers below its classifier. @throws ERR_OPTION for an unknown one. */
export function isLayered(head: TrainOptions['head'] = 'linear'): boolean {
  const name = typeof head === 'string' ? head : head.name;
  return 'classifier' in lookUp(heads, 'head', name);
}

/** Trains stage by stage; the result is the last one's, with the settings of those before it. */
export async function fitStages(
  train: AnyTrainingSet,
  shared: TrainOptions,
  stages: readonly [Stage, ...Stage[]],
  { settings, finish, ...extras }: FitExtras,
): Promise<TrainedHead> {
  const earlier: Record<string, unknown>[] = [];
  let previous: TrainedHead | undefined;
  for (const [i, { name, rows, ...parts }] of stages.entries()) {
    const last = i === stages.length - 1;
    const set = rows ? brand(selectRows(train as AnySet, rows), 'train') : train;
    const weights = shared.sampleWeights;
    const options: TrainOptions = {
      ...shared,
      ...parts,
      ...(rows && weights && { sampleWeights: Array.from(rows, (row) => weights[row] as number) }),
    };
    const { standardize, ...rest } = options;
    const described = {
      ...settings,
      ...(stages.length > 1 && { stage: name }),
      ...(last && earlier.length > 0 && { stagesBefore: earlier }),
    };
    previous = await fitHead(
      set,
      previous ? { ...rest, from: previous } : { ...rest, ...(standardize !== undefined && { standardize }) },
      { ...extras, settings: described, ...(last && finish && { finish }) },
    );
    if (!last) earlier.push({ ...previous.settings, history: previous.history });
  }
  return previous as TrainedHead;
}
