import { boolean, number } from '../core/options.js';
import { asl } from './asl.js';
import { logSigmoid, lossOfColumns, sigmoid } from './column-loss.js';
import { focalTerm } from './focal-sigmoid.js';
import { defineLoss } from './loss.js';

/** Of a row with the class −(1 − p)^gammaPositive log p; without it −q^gammaNegative log(1 − q), q = max(p − margin, 0). */
export const aslSigmoid = defineLoss({
  name: 'asl-sigmoid',
  summary:
    'asymmetric loss: the many rows without a class fade faster than those with it, and are dropped once improbable',
  ...(asl.paper !== undefined && { paper: asl.paper }),
  targets: 'many',
  shiftInvariant: false,
  options: {
    gammaPositive: number({
      min: 0,
      max: 10,
      default: 1,
      help: 'how fast rows that have the class fade once that is probable; 0: not at all; large: only missed rows count',
    }),
    gammaNegative: number({
      min: 0,
      max: 10,
      default: 4,
      help: 'how fast rows without the class fade once it is improbable; 0: not at all; large: wrong alarms hardly count',
    }),
    margin: number({
      min: 0,
      max: 0.99,
      default: 0.05,
      help: 'probability below which a row without the class does not count; 0: all count; large: classes are predicted too often',
    }),
    detachFocus: boolean({
      default: false,
      help: 'take the fading factors as constants in the gradient, as the released code may',
    }),
  },
  create: ({ gammaPositive, gammaNegative: gamma, margin, detachFocus }) =>
    lossOfColumns(() => (z, has, _, term) => {
      const p = sigmoid(z);
      if (has) {
        focalTerm(z, gammaPositive, 1, term);
        if (detachFocus) term.slope = -(sigmoid(-z) ** (gammaPositive + 1));
        return;
      }
      const q = p - margin;
      term.value = 0;
      term.slope = 0;
      if (q <= 0) return;
      const fade = q ** gamma;
      // Without a margin 1 − q is σ(−z), which may be too small for 1 − p to tell.
      const rest = margin === 0 ? sigmoid(-z) : 1 - q;
      const logRest = margin === 0 ? logSigmoid(-z) : Math.log1p(-q);
      const pull = margin === 0 ? p : (p * sigmoid(-z)) / rest;
      term.value = -fade * logRest;
      term.slope =
        fade * pull - (detachFocus || gamma === 0 ? 0 : gamma * q ** (gamma - 1) * logRest * p * sigmoid(-z));
    }),
});
