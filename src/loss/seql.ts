import { custom, number } from '../core/options.js';
import { createRng } from '../core/rng.js';
import { defineLoss } from './loss.js';
import { crossEntropyOf, lossOfRows } from './row-loss.js';

/** Which classes are spared follows from the seed, the step, the row and the class. */
export const seql = defineLoss({
  name: 'seql',
  summary: 'softmax equalization: rows of other classes mostly do not push a rare class down',
  paper:
    'Tan, Wang, Li, Li, Ouyang, Yin, Yan, "Equalization Loss for Long-Tailed Object Recognition", CVPR 2020, arXiv:2003.05176',
  options: {
    gamma: number({
      min: 0,
      max: 1,
      default: 0.9,
      help: 'how often a rare class is spared; 0: cross-entropy; 1: no other row ever pushes it down, and it is predicted too often',
    }),
    rareBelow: custom<number | null>({
      accepts: 'number from 0 to 1, or null',
      default: null,
      help: 'share of the training rows below which a class is rare; null: half of an even share; 0: none is; large: all are spared',
      check: (value) => value === null || (typeof value === 'number' && value >= 0 && value <= 1),
    }),
  },
  create: ({ gamma, rareBelow }) =>
    lossOfRows({
      start({ classCounts, classes, seed, step }) {
        const total = classCounts.reduce((a, b) => a + b, 0);
        const limit = (rareBelow ?? 0.5 / classes) * total;
        const draws = createRng(seed, `seql/${step}`).cursor();
        return (z, label, slope, row) => {
          draws.seek(row);
          for (let j = 0; j < classes; j++) {
            const spared = draws.uniform() < gamma;
            if (spared && j !== label && (classCounts[j] as number) < limit) z[j] = -Infinity;
          }
          return crossEntropyOf(z, label, slope);
        };
      },
    }),
});
