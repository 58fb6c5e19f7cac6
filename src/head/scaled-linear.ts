import { defineHead, stored, uniformParameter } from './head.js';
import { createLayer, createScratch } from './layer.js';

/** logits_c = f_c · (x W_cᵀ + b_c), f beginning at 1. */
export const scaledLinear = defineHead({
  name: 'scaled-linear',
  summary: 'a linear head with one learnable scale a class: what learnable weight scaling trains in its second stage',
  paper: 'Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", arXiv:1910.09217',
  options: {},
  classifier: ['scale'],
  learningRate: (meanSquaredNorm) => 6.4 / (1 + meanSquaredNorm),
  create({ inputDim: d, classes, rng, kernels }) {
    const weight = uniformParameter(rng, 'weight', [classes, d], 1 / Math.sqrt(d));
    const bias = uniformParameter(rng, 'bias', [classes], 1 / Math.sqrt(d));
    const scale = { name: 'scale', shape: [classes], data: new Float32Array(classes).fill(1) };
    const layer = createLayer(kernels, weight, bias);
    const parameters = [weight, bias, scale];
    const plainOf = createScratch(classes);
    const movedOf = createScratch(classes);
    const scaleRows = (from: Float32Array, rows: number, out: Float32Array) => {
      for (let i = 0, at = 0; i < rows; i++)
        for (let c = 0; c < classes; c++, at++) out[at] = (from[at] as number) * (scale.data[c] as number);
    };
    return {
      parameters,
      forward(x, rows, logits) {
        const plain = plainOf(rows);
        layer.forward(x, rows, plain);
        scaleRows(plain, rows, logits);
      },
      backward(x, rows, gradLogits, [gradWeight, gradBias, gradScale]) {
        const plain = plainOf(rows);
        const moved = movedOf(rows);
        scaleRows(gradLogits, rows, moved);
        layer.backward(x, rows, moved, gradWeight as Float32Array, gradBias);
        for (let c = 0; c < classes; c++) {
          let sum = 0;
          for (let at = c; at < rows * classes; at += classes)
            sum += (gradLogits[at] as number) * (plain[at] as number);
          (gradScale as Float32Array)[c] = sum;
        }
      },
      tangent(x, rows, [alongWeight, alongBias, alongScale], out) {
        const plain = plainOf(rows);
        layer.tangent(x, rows, { weight: alongWeight as Float32Array, bias: alongBias as Float32Array }, out);
        scaleRows(out, rows, out);
        for (let i = 0, at = 0; i < rows; i++)
          for (let c = 0; c < classes; c++, at++)
            out[at] = (out[at] as number) + (alongScale?.[c] as number) * (plain[at] as number);
      },
      toGraph: (input, output) => ({
        nodes: [
          layer.node(input, 'head.plain_logits'),
          { op: 'Mul', inputs: ['head.plain_logits', 'head.scale'], outputs: [output] },
        ],
        initializers: stored(parameters),
        input,
        output,
      }),
    };
  },
});
