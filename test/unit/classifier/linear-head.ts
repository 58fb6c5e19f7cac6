/** A linear head with fixed weights: what exporting needs of a trained one. */

import type { ExportableHead } from '../../../src/classifier/index.js';
import { dense } from '../../../src/core/matrix.js';
import { buildModel } from '../../../src/onnx/index.js';

/** logits = x · Wᵀ + b, with weights in multiples of 1/8; `lie` is added to the first logit of the exported graph only. */
export function linearHead(dim: number, classNames: readonly string[], lie = 0): ExportableHead {
  const classes = classNames.length;
  const weight = Float32Array.from({ length: classes * dim }, (_, i) => (((i * 7) % 11) - 5) / 8);
  const bias = Float32Array.from({ length: classes }, (_, c) => c / 4);
  return {
    classNames,
    dim,
    settings: { strategy: 'by hand' },
    logits(x) {
      const { data, rows } = dense(x);
      return Float32Array.from({ length: rows * classes }, (_, i) => {
        const [row, c] = [Math.floor(i / classes), i % classes];
        let sum = bias[c] as number;
        for (let j = 0; j < dim; j++) sum += (data[row * dim + j] as number) * (weight[c * dim + j] as number);
        return sum;
      });
    },
    toModel: (opset) =>
      buildModel({
        name: 'head',
        inputs: [{ name: 'embedding', dtype: 'float32', shape: ['batch', dim] }],
        outputs: ['logits', 'probabilities'].map((name) => ({ name, dtype: 'float32', shape: ['batch', classes] })),
        nodes: [
          { op: 'Gemm', inputs: ['embedding', 'weight', 'bias'], outputs: ['logits'], attributes: { transB: 1 } },
          { op: 'Softmax', inputs: ['logits'], outputs: ['probabilities'], attributes: { axis: 1 } },
        ],
        initializers: [
          { name: 'weight', shape: [classes, dim], data: weight },
          { name: 'bias', shape: [classes], data: bias.map((value, c) => value + (c === 0 ? lie : 0)) },
        ],
        ...(opset !== undefined && { opset }),
      }),
  };
}
