import { mean, presentClasses, recall, specificity } from './confusion.js';
import { defineMetric } from './metric.js';

export const geometricMeanMacro = defineMetric({
  name: 'geometric-mean-macro',
  summary:
    'root of mean recall × mean specificity, the G-mean of the EOS code; much larger than geometric-mean-class when there are many classes',
  range: [0, 1],
  higherIsBetter: true,
  compute(confusion) {
    const present = presentClasses(confusion);
    return Math.sqrt(
      mean(present.map((c) => recall(confusion, c))) * mean(present.map((c) => specificity(confusion, c))),
    );
  },
});
