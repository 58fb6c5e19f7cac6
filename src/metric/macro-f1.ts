import { f1, mean } from './confusion.js';
import { defineMetric } from './metric.js';

/** As scikit-learn's default: a class with neither a true nor a predicted row is left out, and 0 / 0 is 0. The EOS code takes 1 for it. */
export const macroF1 = defineMetric({
  name: 'macro-f1',
  summary: 'mean F1 over the classes that occur in truth or prediction; F1 is 0 for a class never predicted right',
  range: [0, 1],
  higherIsBetter: true,
  compute(confusion) {
    const occurs = (c: number) => (confusion.support[c] as number) + (confusion.predicted[c] as number) > 0;
    return mean([...confusion.support.keys()].filter(occurs).map((c) => f1(confusion, c)));
  },
});
