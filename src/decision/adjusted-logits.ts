import { defineRule } from './rule.js';
import { decideClasses } from '../head/index.js';
import { Tally } from './tally.js';

/** Strengths tried: from twice the training shares' lead for the frequent to twice their lead for the rare; 0 first, then outwards. */
const strengths = Array.from({ length: 81 }, (_, i) => (i % 2 === 1 ? 1 : -1) * Math.ceil(i / 2) * 0.05 + 0);

export const adjustedLogits = defineRule({
  name: 'adjusted-logits',
  summary:
    'logits less tau times the log of the training shares, post hoc: one number for all classes, which few held-out rows can choose',
  paper:
    'Menon, Jayasumana, Rawat, Jain, Veit, Kumar, "Long-Tail Learning via Logit Adjustment", ICLR 2021, arXiv:2007.07314',
  fit({ held: { logits, labels, classes }, value, shares }) {
    const offsetsOf = (tau: number) => shares.map((share) => Math.fround(-tau * Math.log(share)));
    const valueOf = (tau: number) => value(new Tally(classes, labels, decideClasses(logits, classes, offsetsOf(tau))));
    const tried = strengths.map((tau) => ({ tau, reached: valueOf(tau) }));
    const { tau } = tried.reduce((a, b) => (b.reached > a.reached + 1e-12 ? b : a));
    return { offsets: offsetsOf(tau), found: { tau } };
  },
});
