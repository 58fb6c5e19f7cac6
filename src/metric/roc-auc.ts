import { defineMetric } from './metric.js';
import { rank } from './ranking.js';

export const rocAuc = defineMetric<number | null>({
  name: 'roc-auc',
  summary:
    'two classes: chance that a row of the rare class scores above one of the other, a tie counting half; blind to how rare it is',
  paper:
    'Hanley, McNeil, "The Meaning and Use of the Area under a Receiver Operating Characteristic Curve", Radiology 143 (1982)',
  range: [0, 1],
  higherIsBetter: true,
  ranks: true,
  compute(_, context) {
    const ranking = rank(context);
    if (ranking === null) return null;
    let area = 0;
    let [hits, alarms] = [0, 0];
    for (const { positives, negatives } of ranking.steps) {
      area += ((negatives - alarms) * (positives + hits)) / 2;
      [hits, alarms] = [positives, negatives];
    }
    return area / (ranking.positives * ranking.negatives);
  },
});
