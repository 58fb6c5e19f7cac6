import { number } from '../core/options.js';
import { defineLoss } from './loss.js';
import { byCounts } from './prior.js';
import { lossOfRows } from './row-loss.js';

/** With tau 1 it is balanced softmax. */
export const logitAdjustment = defineLoss({
  name: 'logit-adjustment',
  summary: 'cross-entropy of logits shifted by tau times the log of the class shares',
  paper:
    'Menon, Jayasumana, Rawat, Jain, Veit, Kumar, "Long-Tail Learning via Logit Adjustment", ICLR 2021, arXiv:2007.07314',
  options: {
    tau: number({
      min: 0,
      max: 10,
      default: 1,
      help: 'strength of the shift; 0: cross-entropy; 1: right for classes that are all alike at test time; large: rare classes are predicted too often',
    }),
  },
  tilt: ({ tau }, { classCounts }) => Float64Array.from(classCounts, (count) => count ** -tau),
  create: ({ tau }) =>
    lossOfRows({
      start: byCounts('logit-adjustment', (count, { total }) => ({ shift: tau * Math.log(count / total) })),
    }),
});
