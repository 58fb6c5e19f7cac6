import { number } from '../core/options.js';
import { defineMix } from './mix.js';

export const remix = defineMix({
  name: 'remix',
  summary: 'mixup, but the whole label goes to the much rarer class while it has a fair share of the row',
  paper: 'Chou, Chang, Pan, Wei, Juan, "Remix: Rebalanced Mixup", ECCV 2020 Workshops, arXiv:2007.03943',
  symmetric: true,
  options: {
    kappa: number({
      min: 1,
      default: 3,
      help: 'how many times more frequent a class must be to give its share away; small: every pair is decided for the rarer class; large: plain mixup',
    }),
    tau: number({
      min: 0,
      max: 1,
      default: 0.5,
      help: "the frequent class's share of the row below which it gives its label away; 0: plain mixup; 1: always",
    }),
  },
  labelWeight({ countBase, countOther, step, options: { kappa, tau } }) {
    const share = 1 - step;
    if (countBase >= kappa * countOther && share < tau) return 0;
    if (countOther >= kappa * countBase && step < tau) return 1;
    return share;
  },
});
