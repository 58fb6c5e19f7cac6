import { number } from '../core/options.js';
import { defineHead, normalizeRows, stored, uniformParameter } from './head.js';
import { createScratch } from './layer.js';

/** logits = scale · cos(x, W_c): neither the length of a row nor that of a class's weights favours a class. */
export const cosine = defineHead({
  name: 'cosine',
  summary: 'scaled cosine between row and class weights, no bias',
  paper: 'Gidaris, Komodakis, "Dynamic Few-Shot Visual Learning without Forgetting", arXiv:1804.09458',
  options: {
    scale: number({
      min: 0.001,
      default: 16,
      help: 'length of the logit range; small: probabilities stay near uniform; large: training is as sharp as a hard margin',
    }),
  },
  // Rows enter at unit length, so the rate does not follow their scale. 0.1 is the customary one for normalised heads.
  learningRate: () => 0.1,
  create({ inputDim: d, classes, options: { scale }, rng, kernels }) {
    const weight = uniformParameter(rng, 'weight', [classes, d], 1 / Math.sqrt(d));
    const unitWeight = new Float32Array(classes * d);
    const weightLengths = new Float64Array(classes);
    const across = new Float32Array(classes * d);
    const unitOf = createScratch(d);
    /** Of directions, the part across each class's weights, shortened by their length: what the normalisation lets through. */
    const throughNorm = (from: Float32Array, to: Float32Array) => {
      for (let c = 0, at = 0; c < classes; c++, at += d) {
        let along = 0;
        for (let j = at; j < at + d; j++) along += (from[j] as number) * (unitWeight[j] as number);
        const length = weightLengths[c] as number;
        const factor = length > 0 ? 1 / length : 0;
        for (let j = at; j < at + d; j++) to[j] = ((from[j] as number) - along * (unitWeight[j] as number)) * factor;
      }
    };
    const product = (unitX: Float32Array, rows: number, b: Float32Array, c: Float32Array) =>
      kernels.gemm({
        a: unitX,
        b,
        c,
        m: rows,
        n: classes,
        k: d,
        transposeA: false,
        transposeB: true,
        alpha: scale,
        beta: 0,
      });
    return {
      parameters: [weight],
      cosineScale: scale,
      forward(x, rows, logits) {
        const unitX = unitOf(rows);
        normalizeRows(x, rows, d, unitX);
        normalizeRows(weight.data, classes, d, unitWeight, weightLengths);
        product(unitX, rows, unitWeight, logits);
      },
      backward(_x, rows, gradLogits, gradients) {
        const gradient = gradients[0] as Float32Array;
        kernels.gemm({
          a: gradLogits,
          b: unitOf(rows),
          c: gradient,
          m: classes,
          n: d,
          k: rows,
          transposeA: true,
          transposeB: false,
          alpha: scale,
          beta: 0,
        });
        throughNorm(gradient, gradient);
      },
      tangent(_x, rows, [along], out) {
        throughNorm(along as Float32Array, across);
        product(unitOf(rows), rows, across, out);
      },
      toGraph(input, output) {
        const unit = { op: 'LpNormalization', attributes: { axis: 1, p: 2 } };
        return {
          nodes: [
            { ...unit, inputs: [input], outputs: ['head.unit_rows'] },
            { ...unit, inputs: ['head.weight'], outputs: ['head.unit_weight'] },
            {
              op: 'Gemm',
              inputs: ['head.unit_rows', 'head.unit_weight'],
              outputs: [output],
              attributes: { transB: 1, alpha: { float: scale } },
            },
          ],
          initializers: stored([weight]),
          input,
          output,
        };
      },
    };
  },
});
