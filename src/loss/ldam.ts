import { number } from '../core/options.js';
import { weigher, weightOptions } from './class-weights.js';
import { defineLoss } from './loss.js';
import { crossEntropyOf, lossOfRows } from './row-loss.js';

/**
 * Margins are in cosines: a row's own logit is lowered by the head's scale times m_c = maxMargin · (n_min / n_c)^¼.
 * The scale of 30 of the paper is that of the cosine head.
 */
export const ldam = defineLoss({
  name: 'ldam',
  summary: 'cross-entropy in which a row has to win by a margin, the wider the rarer its class',
  paper:
    'Cao, Wei, Gaidon, Arechiga, Ma, "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", NeurIPS 2019, arXiv:1906.07413',
  needs: ['cosineScale'],
  options: {
    ...weightOptions,
    maxMargin: number({
      min: 0,
      max: 2,
      default: 0.5,
      help: 'margin of the rarest class, in cosines; 0: cross-entropy; large: the rarest classes never fit, the sooner the more parallel the embeddings are',
    }),
  },
  create(options) {
    const { maxMargin, reduction } = options;
    return lossOfRows({
      weigh: weigher('ldam', options),
      reduction,
      start({ classCounts, cosineScale = 1 }) {
        const rarest = classCounts.reduce((a, b) => (b > 0 && b < a ? b : a), Infinity);
        return (z, label, slope) => {
          const margin = maxMargin * (rarest / (classCounts[label] as number)) ** 0.25;
          z[label] = (z[label] as number) - cosineScale * margin;
          return crossEntropyOf(z, label, slope);
        };
      },
    });
  },
});
