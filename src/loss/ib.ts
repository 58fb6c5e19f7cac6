import { custom, number } from '../core/options.js';
import { firstEpochAfter, weigher, weightOptions } from './class-weights.js';
import { defineLoss } from './loss.js';
import { crossEntropyOf, lossOfRows } from './row-loss.js';

/** Keeps a row that is classified with certainty, whose influence is 0, from an infinite weight. */
const floor = 1e-3;

const inverseByDefault: typeof weightOptions.classWeights = {
  ...weightOptions.classWeights,
  default: 'inverse-frequency',
};

/**
 * Cross-entropy times influenceScale / (‖p − e‖₁ ‖h‖₁ + 0.001), where h is the row as the head gets it: exact for a linear head.
 * The gradient goes through that factor, as in the released code, which takes 1000 for the scale.
 */
export const ib = defineLoss({
  name: 'ib',
  summary:
    'influence-balanced: after some epochs of plain cross-entropy, rows that would move the head most count less',
  paper:
    'Park, Lim, Jeon, Choi, "Influence-Balanced Loss for Imbalanced Visual Classification", ICCV 2021, arXiv:2110.02444',
  needs: ['rowNorms'],
  options: {
    ...weightOptions,
    classWeights: inverseByDefault,
    weightsFrom: number({
      min: 0,
      max: 1,
      default: 0.5,
      help: 'share of the epochs that pass with plain cross-entropy; 0: influence counts before anything is learnt; near 1: too late to matter',
    }),
    influenceScale: custom<number | null>({
      accepts: 'number > 0, or null',
      default: null,
      help: 'factor of the balanced loss; null: the mean norm of the rows of the batch, so that steps keep their length for embeddings of any scale; large: diverges',
      check: (value) => value === null || (Number.isFinite(value) && (value as number) > 0),
    }),
  },
  create(options) {
    const { influenceScale, reduction, weightsFrom } = options;
    return lossOfRows({
      // Without weights there is nothing of theirs to defer.
      weigh: weigher('ib', options.classWeights === 'none' ? { ...options, weightsFrom: 0 } : options),
      reduction,
      start({ epoch, epochs, rows, rowNorms = new Float32Array(rows) }) {
        if (epoch < firstEpochAfter(weightsFrom, epochs)) return crossEntropyOf;
        const scale = influenceScale ?? rowNorms.subarray(0, rows).reduce((a, b) => a + b, 0) / rows;
        return (z, label, slope, row) => {
          const value = crossEntropyOf(z, label, slope);
          const norm = rowNorms[row] as number;
          // slope is p − e, so ‖p − e‖₁ = 2 (1 − p_y) and p_y = 1 + slope_y.
          const miss = -(slope[label] as number);
          const divisor = 2 * miss * norm + floor;
          const factor = scale / divisor;
          const s = factor - (value * factor * 2 * norm * (1 - miss)) / divisor;
          for (let j = 0; j < z.length; j++) slope[j] = (slope[j] as number) * s;
          return value * factor;
        };
      },
    });
  },
});
