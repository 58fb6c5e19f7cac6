import { number } from '../core/options.js';
import { defineHead, uniformParameter } from './head.js';

/** Copies rows scaled to unit length into `out` (their lengths into `lengths`); a zero row stays zero, as in ONNX's LpNormalization. */
function normalizeRows(x: Float32Array, rows: number, cols: number, out: Float32Array, lengths?: Float64Array): void {
  for (let i = 0, at = 0; i < rows; i++, at += cols) {
    let sum = 0;
    for (let j = at; j < at + cols; j++) sum += (x[j] as number) * (x[j] as number);
    const length = Math.sqrt(sum);
    if (lengths) lengths[i] = length;
    const factor = length > 0 ? 1 / length : 0;
    for (let j = at; j < at + cols; j++) out[j] = (x[j] as number) * factor;
  }
}

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
    let room = new Float32Array(0);
    let unitX = room;
    return {
      parameters: [weight],
      cosineScale: scale,
      forward(x, rows, logits) {
        if (unitX.length !== rows * d) {
          if (room.length < rows * d) room = new Float32Array(rows * d);
          unitX = room.subarray(0, rows * d);
        }
        normalizeRows(x, rows, d, unitX);
        normalizeRows(weight.data, classes, d, unitWeight, weightLengths);
        kernels.gemm({
          a: unitX,
          b: unitWeight,
          c: logits,
          m: rows,
          n: classes,
          k: d,
          transposeA: false,
          transposeB: true,
          alpha: scale,
          beta: 0,
        });
      },
      backward(_x, rows, gradLogits, gradients) {
        const gradient = gradients[0] as Float32Array;
        kernels.gemm({
          a: gradLogits,
          b: unitX,
          c: gradient,
          m: classes,
          n: d,
          k: rows,
          transposeA: true,
          transposeB: false,
          alpha: scale,
          beta: 0,
        });
        // Through the normalisation: only the part across w counts, shortened by its length.
        for (let c = 0, at = 0; c < classes; c++, at += d) {
          let along = 0;
          for (let j = at; j < at + d; j++) along += (gradient[j] as number) * (unitWeight[j] as number);
          const length = weightLengths[c] as number;
          const factor = length > 0 ? 1 / length : 0;
          for (let j = at; j < at + d; j++)
            gradient[j] = ((gradient[j] as number) - along * (unitWeight[j] as number)) * factor;
        }
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
          initializers: [{ name: 'head.weight', shape: weight.shape, data: weight.data }],
          input,
          output,
        };
      },
    };
  },
});
