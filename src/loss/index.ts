/** Losses by name. */

import { lookUp } from '../core/registry.js';
import { balancedSoftmax } from './balanced-softmax.js';
import { crossEntropy } from './cross-entropy.js';
import { focal } from './focal.js';
import { instantiate, type Loss, type LossDefinition } from './loss.js';

export const losses = {
  'cross-entropy': crossEntropy,
  focal,
  'balanced-softmax': balancedSoftmax,
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

export { classWeights, type ClassWeights } from './class-weights.js';
export { defineLoss, softmaxRow, type EvaluateLoss, type Loss, type LossBatch, type LossDefinition } from './loss.js';
