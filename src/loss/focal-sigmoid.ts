import { custom } from '../core/options.js';
import { logSigmoid, lossOfColumns, sigmoid, type Term } from './column-loss.js';
import { focal } from './focal.js';
import { defineLoss } from './loss.js';

/** −(1 − p)^gamma log p with p = σ(z), and its slope γ (1 − p)^γ p log p − (1 − p)^(γ + 1). */
export function focalTerm(z: number, gamma: number, factor: number, term: Term): void {
  const p = sigmoid(z);
  const fade = sigmoid(-z) ** gamma;
  const logP = logSigmoid(z);
  term.value = -factor * fade * logP;
  term.slope = factor * fade * (gamma * p * logP - sigmoid(-z));
}

export const focalSigmoid = defineLoss({
  name: 'focal-sigmoid',
  summary: 'binary cross-entropy that fades where the answer is right already, for rows with any number of labels',
  ...(focal.paper !== undefined && { paper: focal.paper }),
  targets: 'many',
  shiftInvariant: false,
  options: {
    gamma: focal.options.gamma,
    positiveShare: custom<number | null>({
      accepts: 'number from 0 to 1, or null',
      default: null,
      help: 'weight of rows that have the class, the rest being that of rows without it (the paper’s alpha); null: both weigh 1; large: classes are predicted too often',
      check: (value) => value === null || (typeof value === 'number' && value >= 0 && value <= 1),
    }),
  },
  create: ({ gamma, positiveShare: share }) =>
    lossOfColumns(() => (z, has, _, term) => {
      focalTerm(has ? z : -z, gamma, share === null ? 1 : has ? share : 1 - share, term);
      if (!has) term.slope = -term.slope;
    }),
});
