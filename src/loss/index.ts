/** Losses by name. */

import { EquipoiseError } from '../core/errors.js';
import { lookUp } from '../core/registry.js';
import type { TargetKind } from '../core/targets.js';
import { arb } from './arb.js';
import { aslSigmoid } from './asl-sigmoid.js';
import { asl } from './asl.js';
import { balancedSoftmax } from './balanced-softmax.js';
import { binaryCrossEntropy } from './binary-cross-entropy.js';
import { cdb } from './cdb.js';
import { cdt } from './cdt.js';
import { crossEntropy } from './cross-entropy.js';
import { eql } from './eql.js';
import { focalSigmoid } from './focal-sigmoid.js';
import { focal } from './focal.js';
import { ib } from './ib.js';
import { labelAwareSmoothing } from './label-aware-smoothing.js';
import { ldam } from './ldam.js';
import { logitAdjustment } from './logit-adjustment.js';
import { instantiate, type Loss, type LossDefinition } from './loss.js';
import { seql } from './seql.js';
import { vsLoss } from './vs-loss.js';

export const losses = {
  'cross-entropy': crossEntropy,
  focal,
  asl,
  ldam,
  'balanced-softmax': balancedSoftmax,
  'logit-adjustment': logitAdjustment,
  'label-aware-smoothing': labelAwareSmoothing,
  ib,
  seql,
  cdt,
  'vs-loss': vsLoss,
  cdb,
  arb,
  'binary-cross-entropy': binaryCrossEntropy,
  'focal-sigmoid': focalSigmoid,
  'asl-sigmoid': aslSigmoid,
  eql,
} as const;

export type LossName = keyof typeof losses;

/**
 * A loss by name: the value of a batch and its gradient with respect to the logits.
 * @throws ERR_OPTION for an unknown name or option.
 *
 * @example
 * const loss = createLoss('cross-entropy', { classWeights: 'inverse-frequency' });
 */
export function createLoss(name: LossName | (string & {}), options?: object): Loss {
  return instantiate(lookUp(losses, 'loss', name, 'losses') as unknown as LossDefinition, options);
}

/** What is trained with where no loss is chosen. */
export const defaultLoss = { one: 'cross-entropy', many: 'binary-cross-entropy' } as const satisfies Record<
  TargetKind,
  LossName
>;

/** @throws ERR_OPTION for a loss of rows with another number of labels than these have. */
export function assertTargets(loss: Loss, kind: TargetKind): void {
  if (loss.targets === undefined || loss.targets === kind) return;
  const fitting = Object.values<LossDefinition<never>>(losses as never).filter(
    ({ targets = 'one' }) => targets === kind,
  );
  const words = { one: 'one label each', many: 'any number of labels' };
  throw new EquipoiseError(
    'ERR_OPTION',
    `Loss ${loss.name} is for rows with ${words[loss.targets]} but the training rows have ${words[kind]}. Losses for these: ${fitting.map(({ name }) => name).join(', ')}`,
  );
}

export { logSigmoid, sigmoid } from './column-loss.js';
export { classWeights, firstEpochAfter, type ClassWeights } from './class-weights.js';
export {
  assertNeeds,
  defineLoss,
  softmaxRow,
  type EvaluateLoss,
  type Loss,
  type LossBatch,
  type LossDefinition,
  type LossNeed,
  type LossPlace,
} from './loss.js';
