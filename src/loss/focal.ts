import { number } from '../core/options.js';
import { weigher, weightOptions } from './class-weights.js';
import { defineLoss, softmaxRow } from './loss.js';
import { lossOfRows } from './row-loss.js';

/** The probability is that of the unweighted softmax; class weights multiply the finished loss. */
export const focal = defineLoss({
  name: 'focal',
  summary: 'cross-entropy that fades for rows already classified well: (1 − p)^gamma · (−log p)',
  paper: 'Lin, Goyal, Girshick, He, Dollár, "Focal Loss for Dense Object Detection", arXiv:1708.02002',
  options: {
    ...weightOptions,
    gamma: number({
      min: 0,
      max: 10,
      default: 2,
      help: 'how fast easy rows fade; 0: cross-entropy; large: only misclassified rows count, mislabelled ones among them',
    }),
  },
  create(options) {
    const { gamma, reduction } = options;
    return lossOfRows({
      weigh: weigher('focal', options),
      reduction,
      start: () => (z, label, slope) => {
        const logP = (z[label] as number) - softmaxRow(z, 0, z.length, slope);
        const p = Math.exp(logP);
        const miss = Math.max(0, 1 - p);
        const fade = miss ** gamma;
        // dL/dz_j = (δ_jy − p_j) · s with s = γ(1 − p)^(γ−1) p log p − (1 − p)^γ.
        const s = miss === 0 ? (gamma === 0 ? -1 : 0) : gamma * miss ** (gamma - 1) * p * logP - fade;
        for (let j = 0; j < z.length; j++) slope[j] = -(slope[j] as number) * s;
        slope[label] = (slope[label] as number) + s;
        return -fade * logP;
      },
    });
  },
});
