import { number } from '../core/options.js';
import { defineMix } from './mix.js';

/** At the margin point itself the label is shared evenly; the authors' code raises an error there. */
export const mamix = defineMix({
  name: 'mamix',
  summary:
    'mixup with the even share moved to where the margins of the two classes meet, so that rare classes keep more room',
  paper: 'Cheng, Mai, Lin, "From SMOTE to Mixup for Deep Imbalanced Classification", TAAI 2023, arXiv:2308.15457',
  symmetric: true,
  options: {
    omega: number({
      min: 0,
      max: 10,
      default: 0.25,
      help: 'margins are counts to the power −omega; 0: plain mixup; large: the rarer class takes nearly the whole segment',
    }),
  },
  labelWeight({ countBase, countOther, step, options: { omega } }) {
    // Where the segment crosses the boundary: etaBase / (etaBase + etaOther) with eta = count^-omega.
    const margin = 1 / (1 + (countBase / countOther) ** omega);
    // A margin that rounds to 1 leaves the other class nothing of the way.
    return step < margin || margin === 1 ? 1 - step / (2 * margin) : (1 - step) / (2 * (1 - margin));
  },
});
