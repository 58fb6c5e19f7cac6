/** Deferred re-weighting: plain cross-entropy first, class weights in the last epochs. Several strategies are another one plus this. */

import { custom, number } from '../core/options.js';

export const deferralPaper =
  'Cao, Wei, Gaidon, Arechiga, Ma, "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", NeurIPS 2019, arXiv:1906.07413';

export const betaRule = custom<number>({
  accepts: 'number from 0 to below 1',
  default: 0.9999,
  help: 'of the effective number of rows that weights the classes; 0: all alike; 0.999: as in the experiments of m2m; towards 1 approaches inverse frequency',
  check: (value) => typeof value === 'number' && value >= 0 && value < 1,
});

export const deferralRules = {
  beta: betaRule,
  weightsFrom: number({
    min: 0,
    max: 1,
    default: 0.8,
    help: 'share of the epochs that pass before the weights apply; 0: from the start; near 1: too late to matter',
  }),
};

/** The loss, with the plain mean, for which the weights sum to the number of classes. */
export function reweighted(
  { beta, weightsFrom }: { readonly beta: number; readonly weightsFrom: number },
  loss = 'cross-entropy',
) {
  return { name: loss, classWeights: 'effective-number', beta, weightsFrom, reduction: 'mean' };
}
