import { mean, presentClasses, recall } from './confusion.js';
import { defineMetric } from './metric.js';

export const balancedAccuracy = defineMetric({
  name: 'balanced-accuracy',
  summary: 'mean recall over the classes that occur in the truth; every class counts the same',
  range: [0, 1],
  higherIsBetter: true,
  compute: (confusion) => mean(presentClasses(confusion).map((c) => recall(confusion, c))),
});
