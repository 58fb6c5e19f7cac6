import { number } from '../core/options.js';
import { defineLoss, softmaxRow } from './loss.js';
import { lossOfRows } from './row-loss.js';

/**
 * −Σ_j t_j a_j log p_j with t the smoothed label, a_y = (1 − p_y)^gammaOwn and a_j = p_j^gammaOthers elsewhere.
 * With hard labels the other classes enter by the smoothing alone: without it and with gammaOwn 0 this is cross-entropy.
 */
export const asl = defineLoss({
  name: 'asl',
  summary: 'asymmetric loss, one label a row: smoothed cross-entropy in which improbable other classes hardly count',
  paper:
    'Ben-Baruch, Ridnik, Zamir, Noy, Friedman, Protter, Zelnik-Manor, "Asymmetric Loss For Multi-Label Classification", arXiv:2009.14119',
  options: {
    gammaOwn: number({
      min: 0,
      max: 10,
      default: 0,
      help: "how fast a row's own class fades once it is probable; 0: not at all; large: only misclassified rows count",
    }),
    gammaOthers: number({
      min: 0,
      max: 10,
      default: 4,
      help: 'how fast other classes fade once they are improbable; 0: plain label smoothing; large: as without smoothing',
    }),
    labelSmoothing: number({
      min: 0,
      max: 1,
      default: 0.1,
      help: 'share of every target spread evenly over the classes; 0: the other classes do not count; near 1: nothing is learnt',
    }),
  },
  create: ({ gammaOwn, gammaOthers, labelSmoothing }) =>
    lossOfRows({
      start: ({ classes }) => {
        const spread = labelSmoothing / classes;
        const terms = new Float64Array(classes);
        return (z, label, slope) => {
          const logSum = softmaxRow(z, 0, classes, slope);
          let value = 0;
          let total = 0;
          for (let j = 0; j < classes; j++) {
            const p = slope[j] as number;
            const t = j === label ? 1 - labelSmoothing + spread : spread;
            const logP = (z[j] as number) - logSum;
            const miss = Math.max(0, 1 - p);
            // −t a log p and its derivative by log p.
            let fade;
            let bend;
            if (j !== label) {
              fade = p ** gammaOthers;
              bend = gammaOthers * fade;
            } else {
              fade = miss ** gammaOwn;
              bend = gammaOwn === 0 || miss === 0 ? 0 : -gammaOwn * p * miss ** (gammaOwn - 1);
            }
            // A class that cannot be: p^gamma log p tends to 0.
            const counts = t > 0 && fade > 0;
            value -= counts ? t * fade * logP : 0;
            const term = counts ? -t * (fade + bend * logP) : 0;
            terms[j] = term;
            total += term;
          }
          for (let j = 0; j < classes; j++) slope[j] = (terms[j] as number) - (slope[j] as number) * total;
          return value;
        };
      },
    }),
});
