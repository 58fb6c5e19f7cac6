/** Losses by name. */

import { lookUp } from '../core/registry.js';
import { arb } from './arb.js';
import { asl } from './asl.js';
import { balancedSoftmax } from './balanced-softmax.js';
import { cdb } from './cdb.js';
import { cdt } from './cdt.js';
import { crossEntropy } from './cross-entropy.js';
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
