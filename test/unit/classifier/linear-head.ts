/** A linear head with fixed weights: what exporting needs of a trained one. */

import type { ExportableHead } from '../../../src/classifier/index.js';
import { dense } from '../../../src/core/matrix.js';
import { decideClasses } from '../../../src/head/index.js';
import { buildModel } from '../../../src/onnx/index.js';

/** logits = x · Wᵀ + b, with weights in multiples of 1/8; `lie` is added to the first logit of the exported graph only, `label` is its last node. */
export function linearHead(
  dim: number,
  classNames: readonly string[],
  lie = 0,
  label: 'ArgMax' | 'ArgMin' = 'ArgMax',
): ExportableHead {
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
    decide: (logits) => decideClasses(logits, classes),
    toModel: (opset) =>
      buildModel({
        name: 'head',
        inputs: [{ name: 'embedding', dtype: 'float32', shape: ['batch', dim] }],
        outputs: [
          { name: 'logits', dtype: 'float32', shape: ['batch', classes] },
          { name: 'probabilities', dtype: 'float32', shape: ['batch', classes] },
          { name: 'label', dtype: 'int64', shape: ['batch'] },
        ],
        nodes: [
          { op: 'Gemm', inputs: ['embedding', 'weight', 'bias'], outputs: ['logits'], attributes: { transB: 1 } },
          { op: 'Softmax', inputs: ['logits'], outputs: ['probabilities'], attributes: { axis: 1 } },
          { op: label, inputs: ['logits'], outputs: ['label'], attributes: { axis: 1, keepdims: 0 } },
        ],
        initializers: [
          { name: 'weight', shape: [classes, dim], data: weight },
          { name: 'bias', shape: [classes], data: bias.map((value, c) => value + (c === 0 ? lie : 0)) },
        ],
        ...(opset !== undefined && { opset }),
      }),
  };
}
