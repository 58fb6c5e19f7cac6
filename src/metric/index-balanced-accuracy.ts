import { mean, presentClasses, recall, specificity } from './confusion.js';
import { defineMetric } from './metric.js';

/** Weight of the difference between recall and specificity, as in the paper and in imbalanced-learn. */
const ALPHA = 0.1;

export const indexBalancedAccuracy = defineMetric({
  name: 'index-balanced-accuracy',
  summary: 'mean over classes of (1 + 0.1 (recall − specificity)) · recall · specificity, each class against the rest',
  paper:
    'García, Mollineda, Sánchez, "Index of Balanced Accuracy: A Performance Measure for Skewed Class Distributions", IbPRIA 2009',
  range: [0, 1],
  higherIsBetter: true,
  compute(confusion) {
    const one = (sensitivity: number, spec: number) => (1 + ALPHA * (sensitivity - spec)) * sensitivity * spec;
    return mean(presentClasses(confusion).map((c) => one(recall(confusion, c), specificity(confusion, c))));
  },
});
