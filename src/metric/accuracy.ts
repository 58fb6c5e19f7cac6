import { defineMetric } from './metric.js';

export const accuracy = defineMetric({
  name: 'accuracy',
  summary: 'share of rows predicted right; hides what happens to rare classes',
  range: [0, 1],
  higherIsBetter: true,
  compute({ counts, classes, total }) {
    let right = 0;
    for (let c = 0; c < classes; c++) right += counts[c * classes + c] as number;
    return right / total;
  },
});
