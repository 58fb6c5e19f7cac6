import { custom } from '../core/options.js';
import { createRng } from '../core/rng.js';
import { logSigmoid, lossOfColumns, sigmoid } from './column-loss.js';
import { defineLoss } from './loss.js';
import { seql } from './seql.js';

/** Which rows spare which classes follows from the seed, the step, the row and the class. */
export const eql = defineLoss({
  name: 'eql',
  summary: 'binary cross-entropy in which rows without a rare class mostly do not push it down',
  ...(seql.paper !== undefined && { paper: seql.paper }),
  targets: 'many',
  needs: ['trainingRows'],
  shiftInvariant: false,
  options: {
    gamma: seql.options.gamma,
    rareBelow: custom<number | null>({
      accepts: 'number from 0 to 1, or null',
      default: null,
      help: 'share of the training rows that have a class below which it is rare; null: half of the mean share; 0: none is; large: all are spared',
      check: (value) => value === null || (typeof value === 'number' && value >= 0 && value <= 1),
    }),
  },
  create: ({ gamma, rareBelow }) =>
    lossOfColumns(({ classCounts, classes, seed, step, trainingRows = 0 }) => {
      const limit =
        rareBelow === null ? (0.5 * classCounts.reduce((a, b) => a + b, 0)) / classes : rareBelow * trainingRows;
      const draws = createRng(seed, `eql/${step}`).cursor();
      return (z, has, classId, term, at) => {
        const spared = !has && (classCounts[classId] as number) < limit && draws.seek(at).uniform() < gamma;
        term.value = spared ? 0 : -logSigmoid(has ? z : -z);
        term.slope = spared ? 0 : sigmoid(z) - (has ? 1 : 0);
      };
    }),
});
