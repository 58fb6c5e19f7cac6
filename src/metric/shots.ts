import { mean, presentClasses, recall } from './confusion.js';
import { defineMetric } from './metric.js';

/** The long-tail literature's groups by training rows: many above 100, few below 20, medium between. */
function shotMetric<const N extends string>(name: N, which: string, belongs: (trainRows: number) => boolean) {
  return defineMetric<number | null>({
    name,
    summary: `mean recall over the classes with ${which} training rows; none where there is no such class`,
    paper:
      'Liu, Miao, Zhan, Wang, Gong, Yu, "Large-Scale Long-Tailed Recognition in an Open World", CVPR 2019, arXiv:1904.05160',
    range: [0, 1],
    higherIsBetter: true,
    ofSomeClasses: true,
    compute(confusion, { trainCounts }) {
      if (!trainCounts) return null;
      const group = presentClasses(confusion).filter((c) => belongs(trainCounts[c] as number));
      return group.length === 0 ? null : mean(group.map((c) => recall(confusion, c)));
    },
  });
}

export const isManyShot = (trainRows: number): boolean => trainRows > 100;
export const isFewShot = (trainRows: number): boolean => trainRows < 20;
export const isMediumShot = (trainRows: number): boolean => !isManyShot(trainRows) && !isFewShot(trainRows);

export const manyShot = shotMetric('many-shot', 'more than 100', isManyShot);
export const mediumShot = shotMetric('medium-shot', '20 to 100', isMediumShot);
export const fewShot = shotMetric('few-shot', 'fewer than 20', isFewShot);
