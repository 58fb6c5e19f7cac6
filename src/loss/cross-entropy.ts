import { number } from '../core/options.js';
import { weigher, weightOptions } from './class-weights.js';
import { defineLoss, reduce, softmaxRow, type EvaluateLoss, type LossPlace } from './loss.js';

/**
 * Σ_c w_c t_c (−log p_c), where the target t is the label, its soft mixture, and the smoothing spread over all classes.
 * With hard labels it equals PyTorch's `cross_entropy` for both reductions (`weight-mean` is PyTorch's `mean`).
 */
export const crossEntropy = defineLoss({
  name: 'cross-entropy',
  summary: 'softmax cross-entropy, with class weights, label smoothing and soft labels',
  options: {
    ...weightOptions,
    labelSmoothing: number({
      min: 0,
      max: 1,
      default: 0,
      help: 'share of every target spread evenly over the classes; 0: labels as they are; near 1: nothing is learnt',
    }),
  },
  tilt: (options, place) => (options.labelSmoothing > 0 ? undefined : weigher('cross-entropy', options)(place)),
  create(options) {
    const weightsFor = weigher('cross-entropy', options);
    const smoothing = options.labelSmoothing;
    const byWeight = options.reduction === 'weight-mean';
    const form = (place: LossPlace) => ({ classWeights: Float32Array.from(weightsFor(place)), smoothing, byWeight });
    const evaluate: EvaluateLoss = (batch, gradient) => {
      const { logits, labels, otherLabels, labelWeights, sampleWeights, rows, classes } = batch;
      const weights = weightsFor(batch);
      const spread = smoothing / classes;
      let sum = 0;
      let weightSum = 0;
      for (let i = 0, at = 0; i < rows; i++, at += classes) {
        const logSum = softmaxRow(logits, at, classes, gradient);
        const sample = sampleWeights === undefined ? 1 : (sampleWeights[i] as number);
        const label = labels[i] as number;
        const share = labelWeights === undefined ? 1 : (labelWeights[i] as number);
        const own = sample * share * (weights[label] as number);
        const other = otherLabels === undefined ? label : (otherLabels[i] as number);
        const rest = share === 1 ? 0 : sample * (1 - share) * (weights[other] as number);
        weightSum += own + rest;
        // L = Σ_c q_c (logSum − z_c), so dL/dz_j = p_j Σ_c q_c − q_j with q_c = w_c t_c.
        let total = (1 - smoothing) * (own + rest);
        sum += (1 - smoothing) * own * (logSum - (logits[at + label] as number));
        if (rest !== 0) sum += (1 - smoothing) * rest * (logSum - (logits[at + other] as number));
        if (spread !== 0)
          for (let j = 0; j < classes; j++) {
            const q = sample * spread * (weights[j] as number);
            total += q;
            sum += q * (logSum - (logits[at + j] as number));
          }
        if (total !== 1) for (let j = at; j < at + classes; j++) gradient[j] = (gradient[j] as number) * total;
        if (spread !== 0)
          for (let j = 0; j < classes; j++)
            gradient[at + j] = (gradient[at + j] as number) - sample * spread * (weights[j] as number);
        gradient[at + label] = (gradient[at + label] as number) - (1 - smoothing) * own;
        if (rest !== 0) gradient[at + other] = (gradient[at + other] as number) - (1 - smoothing) * rest;
      }
      return reduce(sum, byWeight ? weightSum : rows, gradient, rows * classes);
    };
    return Object.assign(evaluate, { form });
  },
});
