import * as ort from 'onnxruntime-node';
import { buildModel, writeModel } from '../../dist/src/onnx/index.js';

/** A session whose graph is one Gemm of inputs a and b; `form` says which of them are transposed, as in 'NT'. */
export async function openGemm(form, threads) {
  const model = buildModel({
    name: 'gemm',
    inputs: ['a', 'b'].map((name) => ({ name, dtype: 'float32', shape: ['rows', 'cols'] })),
    outputs: [{ name: 'c', dtype: 'float32', shape: ['rows', 'cols'] }],
    nodes: [
      {
        op: 'Gemm',
        inputs: ['a', 'b'],
        outputs: ['c'],
        attributes: { transA: Number(form[0] === 'T'), transB: Number(form[1] === 'T') },
      },
    ],
  });
  return ort.InferenceSession.create(writeModel(model), { intraOpNumThreads: threads, interOpNumThreads: 1 });
}
