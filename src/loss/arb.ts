import { choice } from '../core/options.js';
import { defineLoss } from './loss.js';
import { byCounts, stretchedCrossEntropy } from './prior.js';
import { lossOfRows } from './row-loss.js';

/** With counts of the whole training set it is balanced softmax. The logits are not clamped, as in the released code: the softmax here cannot overflow. */
export const arb = defineLoss({
  name: 'arb',
  summary: 'cross-entropy in which the classes of a batch attract and repel each other as if equally frequent in it',
  paper:
    'Xie, Yang, Cai, He, "Neural Collapse Inspired Attraction-Repulsion-Balanced Loss for Imbalanced Learning", arXiv:2204.08735',
  options: {
    counts: choice({
      of: ['batch', 'training-set'],
      default: 'batch',
      help: 'whose class counts balance: those of each batch, so that classes absent from it are left alone, or those of the training set',
    }),
  },
  create({ counts }) {
    if (counts === 'training-set')
      return lossOfRows({ start: byCounts('arb', (count) => ({ shift: Math.log(count) })) });
    return lossOfRows({
      start({ classes, labels, otherLabels, labelWeights, rows }) {
        const shift = new Float64Array(classes);
        for (let i = 0; i < rows; i++) {
          const share = labelWeights === undefined ? 1 : (labelWeights[i] as number);
          shift[labels[i] as number] = (shift[labels[i] as number] as number) + share;
          const other = otherLabels?.[i];
          if (other !== undefined) shift[other] = (shift[other] as number) + 1 - share;
        }
        for (let j = 0; j < classes; j++) shift[j] = Math.log(shift[j] as number);
        return stretchedCrossEntropy({ scale: new Float64Array(classes).fill(1), shift });
      },
    });
  },
});
