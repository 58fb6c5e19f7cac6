import { boolean } from '../core/options.js';
import { defineHead, stored, uniformParameter } from './head.js';
import { createLayer } from './layer.js';

/** logits = x Wᵀ + b with W (C, d) and b (C). */
export const linear = defineHead({
  name: 'linear',
  summary: 'one weight vector and a bias a class',
  options: {
    bias: boolean({ default: true, help: 'a constant a class; without it every decision boundary passes the origin' }),
  },
  affine: true,
  /*
   * The mean cross-entropy has curvature at most (‖x‖² + 1)/2 (the 1 is the bias), and SGD with momentum 0.9 is stable below
   * 2 · 1.9 / curvature = 7.6 / (‖x‖² + 1). 6.4 stays under it and gives the usual 0.1 for 64 standardized columns.
   * Rows much shorter than 1 learn slowly at it, because the bias bounds it: standardize them.
   */
  learningRate: (meanSquaredNorm) => 6.4 / (1 + meanSquaredNorm),
  create({ inputDim: d, classes, options, rng, kernels }) {
    const weight = uniformParameter(rng, 'weight', [classes, d], 1 / Math.sqrt(d));
    const bias = options.bias ? uniformParameter(rng, 'bias', [classes], 1 / Math.sqrt(d)) : undefined;
    const layer = createLayer(kernels, weight, bias);
    const parameters = bias ? [weight, bias] : [weight];
    return {
      parameters,
      layers: [{ weight, ...(bias && { bias }) }],
      forward: (x, rows, logits) => layer.forward(x, rows, logits),
      backward: (x, rows, gradLogits, [gradWeight, gradBias]) =>
        layer.backward(x, rows, gradLogits, gradWeight as Float32Array, gradBias),
      tangent: (x, rows, [alongWeight, alongBias], out) =>
        layer.tangent(x, rows, { weight: alongWeight as Float32Array, ...(alongBias && { bias: alongBias }) }, out),
      toGraph: (input, output) => ({
        nodes: [layer.node(input, output)],
        initializers: stored(parameters),
        input,
        output,
      }),
    };
  },
});
