import { boolean } from '../core/options.js';
import { defineHead, normalizeRows, stored, uniformParameter } from './head.js';
import { createLayer, createScratch } from './layer.js';

/**
 * logits_c = 2 x·m_c − ‖m_c‖², which differs from −‖x − m_c‖² by what all classes share, so the softmax is the same.
 * It begins at the means of the training rows; no step is needed, though steps may follow.
 */
export const nearestMean = defineHead({
  name: 'nearest-mean',
  summary: 'negative squared distance to one point a class, beginning at the class means',
  paper:
    'Mensink et al., "Distance-Based Image Classification: Generalizing to New Classes at Near-Zero Cost", TPAMI 2013',
  options: {
    unitRows: boolean({ default: false, help: 'bring every row to length 1 first, so that only directions count' }),
  },
  learningRate: (meanSquaredNorm) => 6.4 / (4 * (1 + meanSquaredNorm)),
  create({ inputDim: d, classes, options: { unitRows }, rng, kernels }) {
    const means = uniformParameter(rng, 'means', [classes, d], 1 / Math.sqrt(d));
    const layer = createLayer(kernels, means);
    const unitOf = createScratch(d);
    const enter = (x: Float32Array, rows: number) => {
      if (!unitRows) return x;
      const unit = unitOf(rows);
      normalizeRows(x, rows, d, unit);
      return unit;
    };
    const squares = new Float64Array(classes);
    const square = (values: Float32Array, of: Float32Array) => {
      for (let c = 0; c < classes; c++) {
        let sum = 0;
        for (let j = c * d; j < (c + 1) * d; j++) sum += (values[j] as number) * (of[j] as number);
        squares[c] = sum;
      }
    };
    return {
      parameters: [means],
      start(x, labels) {
        const rows = labels.length;
        const entered = enter(x, rows);
        const sums = new Float64Array(classes * d);
        const counts = new Float64Array(classes);
        for (let i = 0; i < rows; i++) {
          const c = labels[i] as number;
          counts[c] = (counts[c] as number) + 1;
          for (let j = 0; j < d; j++) sums[c * d + j] = (sums[c * d + j] as number) + (entered[i * d + j] as number);
        }
        // A class without rows keeps its random point: there is nothing to put it at.
        for (let c = 0; c < classes; c++)
          if ((counts[c] as number) > 0)
            for (let j = c * d; j < (c + 1) * d; j++) means.data[j] = (sums[j] as number) / (counts[c] as number);
      },
      forward(x, rows, logits) {
        layer.forward(enter(x, rows), rows, logits);
        square(means.data, means.data);
        for (let i = 0, at = 0; i < rows; i++)
          for (let c = 0; c < classes; c++, at++) logits[at] = 2 * (logits[at] as number) - (squares[c] as number);
      },
      backward(x, rows, gradLogits, gradients) {
        const gradient = gradients[0] as Float32Array;
        layer.backward(unitRows ? unitOf(rows) : x, rows, gradLogits, gradient);
        for (let c = 0; c < classes; c++) {
          let sum = 0;
          for (let at = c; at < rows * classes; at += classes) sum += gradLogits[at] as number;
          for (let j = c * d; j < (c + 1) * d; j++)
            gradient[j] = 2 * ((gradient[j] as number) - sum * (means.data[j] as number));
        }
      },
      tangent(x, rows, [along], out) {
        const direction = along as Float32Array;
        layer.tangent(unitRows ? unitOf(rows) : x, rows, { weight: direction }, out);
        square(means.data, direction);
        for (let i = 0, at = 0; i < rows; i++)
          for (let c = 0; c < classes; c++, at++) out[at] = 2 * ((out[at] as number) - (squares[c] as number));
      },
      toGraph(input, output) {
        const rows = unitRows ? 'head.unit_rows' : input;
        return {
          nodes: [
            ...(unitRows
              ? [{ op: 'LpNormalization', inputs: [input], outputs: [rows], attributes: { axis: 1, p: 2 } }]
              : []),
            {
              op: 'Gemm',
              inputs: [rows, 'head.means'],
              outputs: ['head.products'],
              attributes: { transB: 1, alpha: { float: 2 } },
            },
            { op: 'Mul', inputs: ['head.means', 'head.means'], outputs: ['head.squares'] },
            {
              op: 'ReduceSum',
              inputs: ['head.squares', 'head.axis'],
              outputs: ['head.lengths'],
              attributes: { keepdims: 0 },
            },
            { op: 'Sub', inputs: ['head.products', 'head.lengths'], outputs: [output] },
          ],
          initializers: [...stored([means]), { name: 'head.axis', shape: [1], data: BigInt64Array.of(1n) }],
          input,
          output,
        };
      },
    };
  },
});
