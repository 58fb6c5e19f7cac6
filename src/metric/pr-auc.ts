import { defineMetric } from './metric.js';
import { rank } from './ranking.js';

/** Average precision, a sum of steps as scikit-learn has it; joining the points by lines would flatter (Davis, Goadrich, ICML 2006). */
export const prAuc = defineMetric<number | null>({
  name: 'pr-auc',
  summary:
    'two classes: average precision, the mean precision at the rank of each row of the rare class; falls with its share of the rows',
  paper: 'Davis, Goadrich, "The Relationship Between Precision-Recall and ROC Curves", ICML 2006',
  range: [0, 1],
  higherIsBetter: true,
  ranks: true,
  compute(_, context) {
    const ranking = rank(context);
    if (ranking === null) return null;
    let sum = 0;
    let hits = 0;
    for (const { positives, negatives } of ranking.steps) {
      sum += ((positives - hits) * positives) / (positives + negatives);
      hits = positives;
    }
    return sum / ranking.positives;
  },
});
