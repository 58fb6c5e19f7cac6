import { EquipoiseError } from '../core/errors.js';
import { crossEntropy } from './cross-entropy.js';
import { defineLoss, instantiate, type LossBatch } from './loss.js';

/** Prediction uses the plain logits: the shift is part of training only. */
export const balancedSoftmax = defineLoss({
  name: 'balanced-softmax',
  summary: 'cross-entropy of logits shifted by the log of the class counts, so that the head need not learn the prior',
  paper:
    'Ren, Yu, Sheng, Ma, Zhao, Yi, Li, "Balanced Meta-Softmax for Long-Tailed Visual Recognition", arXiv:2007.10740',
  options: {},
  create() {
    const { evaluate } = instantiate(crossEntropy);
    let shifted = new Float32Array(0);
    return (batch, gradient) => {
      const { logits, rows, classes, classCounts } = batch;
      if (shifted.length < rows * classes) shifted = new Float32Array(rows * classes);
      for (let j = 0; j < classes; j++) {
        // A class without rows is shifted to −infinity: probability 0, gradient 0.
        const shift = Math.log(classCounts[j] as number);
        for (let at = j; at < rows * classes; at += classes) shifted[at] = (logits[at] as number) + shift;
      }
      checkLabels(batch);
      return evaluate({ ...batch, logits: shifted }, gradient);
    };
  },
});

function checkLabels({ labels, rows, classCounts }: LossBatch): void {
  for (let i = 0; i < rows; i++)
    if (classCounts[labels[i] as number] === 0)
      throw new EquipoiseError(
        'ERR_DATA',
        `Row ${i} of the batch has class ${labels[i]}, which has no training rows: balanced-softmax has no prior for it`,
      );
}
