import { choice, custom } from '../core/options.js';
import { defineLoss } from './loss.js';
import { crossEntropyOf, lossOfRows } from './row-loss.js';

/**
 * Weights of the classes by their difficulty d = 1 − recall: d^power (the paper's tau), summing to the number of classes.
 * @param power 'dynamic': sigmoid((1 − min d) / (1 − max d + 0.01)).
 * @param recalls NaN where unknown: such a class is as difficult as the mean of the others.
 */
export function difficultyWeights(recalls: Float64Array, power: number | 'dynamic'): Float64Array {
  const classes = recalls.length;
  const known = recalls.filter((recall) => !Number.isNaN(recall)).map((recall) => 1 - recall);
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  const exponent =
    power === 'dynamic' ? 1 / (1 + Math.exp(-(1 - Math.min(...known)) / (1.01 - Math.max(...known)))) : power;
  const weights = recalls.map((recall) => (Number.isNaN(recall) ? mean : 1 - recall) ** exponent);
  const sum = weights.reduce((a, b) => a + b, 0);
  // Nothing is difficult any more: all alike.
  return sum > 0 ? weights.map((weight) => (weight * classes) / sum) : weights.fill(1);
}

export const cdb = defineLoss({
  name: 'cdb',
  summary:
    'class-wise difficulty: after every epoch, classes that are recognised badly on the validation rows weigh more',
  paper:
    'Sinha, Ohashi, Nakamura, "Class-Wise Difficulty-Balanced Loss for Solving Class-Imbalance", ACCV 2020, arXiv:2010.01824',
  needs: ['recalls'],
  options: {
    power: custom<number | 'dynamic'>({
      accepts: "number >= 0, or 'dynamic'",
      default: 'dynamic',
      help: 'power of the difficulty; dynamic: 0.5 at the start, towards 1 the further apart the classes are; 0: cross-entropy; large: only the worst class counts',
      check: (value) => value === 'dynamic' || (Number.isFinite(value) && (value as number) >= 0),
    }),
    reduction: choice({
      of: ['mean', 'weight-mean'],
      default: 'mean',
      help: 'mean divides by the rows of the batch; weight-mean by the sum of their weights',
    }),
  },
  create: ({ power, reduction }) =>
    lossOfRows({
      weigh: ({ classCounts, recalls = new Float64Array(classCounts.length) }) => difficultyWeights(recalls, power),
      reduction,
      start: () => crossEntropyOf,
    }),
});
