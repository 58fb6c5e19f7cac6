import { presentClasses, recall } from './confusion.js';
import { defineMetric } from './metric.js';

export const geometricMeanClass = defineMetric({
  name: 'geometric-mean-class',
  summary: 'C-th root of the product of the C recalls; 0 as soon as one class is never found',
  paper: 'Kubat, Matwin, "Addressing the Curse of Imbalanced Training Sets: One-Sided Selection", ICML 1997',
  range: [0, 1],
  higherIsBetter: true,
  compute(confusion) {
    const present = presentClasses(confusion);
    const logs = present.reduce((sum, c) => sum + Math.log(recall(confusion, c)), 0);
    return Math.exp(logs / present.length);
  },
});
