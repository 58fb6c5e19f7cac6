import { custom } from '../core/options.js';
import { classifierLayer } from '../head/index.js';
import { better, type FinishContext, type ValidationScore } from '../train/index.js';
import { defineStrategy } from './strategy.js';

/** Divides each class's weights by their length to the power of tau, and drops the bias. */
export function normalizeWeights({ head }: Pick<FinishContext, 'head'>, tau: number): void {
  const { weight, bias } = classifierLayer(head, 'tau-norm');
  const [classes = 0, width = 0] = weight.shape;
  for (let c = 0; c < classes; c++) {
    const own = weight.data.subarray(c * width, (c + 1) * width);
    const length = Math.sqrt(own.reduce((sum, w) => sum + w * w, 0));
    const factor = length > 0 ? length ** -tau : 1;
    for (let j = 0; j < width; j++) own[j] = (own[j] as number) * factor;
  }
  bias?.data.fill(0);
}

/** τ-normalisation: large classes have long weight vectors; shortened, they lose their lead. */
export const tauNorm = defineStrategy({
  name: 'tau-norm',
  summary: 'a head learnt from the rows as they are, then every class weight divided by a power of its length',
  when: 'the cheapest repair of a head that is there already, where validation rows can choose the power',
  paper: 'Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", arXiv:1910.09217',
  options: {
    normPower: custom<number | 'auto'>({
      accepts: "number from 0 to 2, or 'auto'",
      default: 'auto',
      help: 'the power; 0: as trained, without bias; 1: all weights of length 1; auto: the best of 0, 0.1, … 2 by balanced accuracy on the validation rows, 1 where there are none',
      check: (value) =>
        value === 'auto' || (Number.isFinite(value) && (value as number) >= 0 && (value as number) <= 2),
    }),
  },
  recipe: ({ options: { normPower: tau } }) => ({
    loss: 'cross-entropy',
    sampler: null,
    batchSampler: 'instance',
    async finish({ head, judge }) {
      if (tau !== 'auto' || !judge) {
        const used = tau === 'auto' ? 1 : tau;
        normalizeWeights({ head }, used);
        return { tau: used, chosenBy: tau === 'auto' ? 'default: no validation rows' : 'caller' };
      }
      const { weight } = classifierLayer(head, 'tau-norm');
      const trained = weight.data.slice();
      let best: { tau: number; score: ValidationScore } | undefined;
      for (let tenth = 0; tenth <= 20; tenth++) {
        weight.data.set(trained);
        normalizeWeights({ head }, tenth / 10);
        const score = await judge();
        if (!best || better(score, best.score, 'balancedAccuracy')) best = { tau: tenth / 10, score };
      }
      weight.data.set(trained);
      normalizeWeights({ head }, best?.tau ?? 1);
      return { tau: best?.tau, chosenBy: 'validation', validation: best?.score };
    },
  }),
});
