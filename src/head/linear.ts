import { boolean } from '../core/options.js';
import { defineHead, uniformParameter } from './head.js';

/** logits = x Wᵀ + b with W (C, d) and b (C). */
export const linear = defineHead({
  name: 'linear',
  summary: 'one weight vector and a bias a class',
  options: {
    bias: boolean({ default: true, help: 'a constant a class; without it every decision boundary passes the origin' }),
  },
  /*
   * The mean cross-entropy has curvature at most (‖x‖² + 1)/2 (the 1 is the bias), and SGD with momentum 0.9 is stable below
   * 2 · 1.9 / curvature = 7.6 / (‖x‖² + 1). 6.4 stays under it and gives the usual 0.1 for 64 standardized columns.
   * Rows much shorter than 1 learn slowly at it, because the bias bounds it: standardize them.
   */
  learningRate: (meanSquaredNorm) => 6.4 / (1 + meanSquaredNorm),
  create({ inputDim: d, classes, options, rng, kernels }) {
    const weight = uniformParameter(rng, 'weight', [classes, d], 1 / Math.sqrt(d));
    const bias = options.bias ? uniformParameter(rng, 'bias', [classes], 1 / Math.sqrt(d)) : undefined;
    return {
      parameters: bias ? [weight, bias] : [weight],
      forward(x, rows, logits) {
        if (bias) for (let i = 0; i < rows; i++) logits.set(bias.data, i * classes);
        kernels.gemm({
          a: x,
          b: weight.data,
          c: logits,
          m: rows,
          n: classes,
          k: d,
          transposeA: false,
          transposeB: true,
          alpha: 1,
          beta: bias ? 1 : 0,
        });
      },
      backward(x, rows, gradLogits, [gradWeight, gradBias]) {
        kernels.gemm({
          a: gradLogits,
          b: x,
          c: gradWeight as Float32Array,
          m: classes,
          n: d,
          k: rows,
          transposeA: true,
          transposeB: false,
          alpha: 1,
          beta: 0,
        });
        if (gradBias === undefined) return;
        for (let c = 0; c < classes; c++) {
          let sum = 0;
          for (let at = c; at < rows * classes; at += classes) sum += gradLogits[at] as number;
          gradBias[c] = sum;
        }
      },
      toGraph(input, output) {
        const stored = bias ? [weight, bias] : [weight];
        return {
          nodes: [
            {
              op: 'Gemm',
              inputs: [input, ...stored.map(({ name }) => `head.${name}`)],
              outputs: [output],
              attributes: { transB: 1 },
            },
          ],
          initializers: stored.map(({ name, shape, data }) => ({ name: `head.${name}`, shape, data })),
          input,
          output,
        };
      },
    };
  },
});
