import { number } from '../core/options.js';
import { weigher, weightOptions } from './class-weights.js';
import { defineLoss, reduce, softmaxRow } from './loss.js';

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
    const weightsFor = weigher('focal', options);
    const { gamma } = options;
    const byWeight = options.reduction === 'weight-mean';
    return (batch, gradient) => {
      const { logits, labels, otherLabels, labelWeights, sampleWeights, rows, classes } = batch;
      const weights = weightsFor(batch.classCounts);
      let sum = 0;
      let weightSum = 0;
      for (let i = 0, at = 0; i < rows; i++, at += classes) {
        const logSum = softmaxRow(logits, at, classes, gradient);
        const sample = sampleWeights === undefined ? 1 : (sampleWeights[i] as number);
        const share = labelWeights === undefined ? 1 : (labelWeights[i] as number);
        const label = labels[i] as number;
        const other = otherLabels === undefined ? label : (otherLabels[i] as number);
        // dL/dz_j = (δ_jy − p_j) · s with s = γ(1 − p)^(γ−1) p log p − (1 − p)^γ, a term for each class of the target.
        let slopes = 0;
        let slopeLabel = 0;
        let slopeOther = 0;
        for (let part = 0; part < (share === 1 ? 1 : 2); part++) {
          const y = part === 0 ? label : other;
          const q = sample * (part === 0 ? share : 1 - share) * (weights[y] as number);
          const logP = (logits[at + y] as number) - logSum;
          const p = Math.exp(logP);
          const miss = Math.max(0, 1 - p);
          const fade = miss ** gamma;
          const slope = miss === 0 ? (gamma === 0 ? -1 : 0) : gamma * miss ** (gamma - 1) * p * logP - fade;
          weightSum += q;
          sum -= q * fade * logP;
          slopes += q * slope;
          if (part === 0) slopeLabel = q * slope;
          else slopeOther = q * slope;
        }
        for (let j = at; j < at + classes; j++) gradient[j] = -(gradient[j] as number) * slopes;
        gradient[at + label] = (gradient[at + label] as number) + slopeLabel;
        gradient[at + other] = (gradient[at + other] as number) + slopeOther;
      }
      return reduce(sum, byWeight ? weightSum : rows, gradient, rows * classes);
    };
  },
});
