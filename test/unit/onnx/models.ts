/** Small models, and a way to run them on the real runtime. */

import { InferenceSession, Tensor } from '#ort';
import type { NodeProto } from '../../../src/onnx/generated/onnx_pb.js';
import { buildModel, writeModel, type GraphPart, type OnnxModel } from '../../../src/onnx/index.js';

/** y = factor · x, under names of its own. */
export function scale(factor: number, input = 'x', output = 'y'): GraphPart {
  return {
    nodes: [{ op: 'Mul', inputs: [input, `${output}.factor`], outputs: [output] }],
    initializers: [{ name: `${output}.factor`, shape: [], data: Float32Array.of(factor) }],
    input,
    output,
  };
}

/** x (batch, 2) → middle = 2x → y = 3 · middle, with an unused branch `aside`. */
export function chain(opset?: number): OnnxModel {
  return buildModel({
    name: 'chain',
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }],
    outputs: [
      { name: 'y', dtype: 'float32', shape: ['batch', 2] },
      { name: 'aside', dtype: 'float32', shape: ['batch', 2] },
    ],
    parts: [scale(2, 'x', 'middle'), scale(3, 'middle', 'y'), scale(-1, 'x', 'aside')],
    ...(opset !== undefined && { opset }),
  });
}

/** All outputs for one float32 input. */
export async function runModel(model: OnnxModel, input: string, data: number[], dims: number[]) {
  const session = await InferenceSession.create(writeModel(model), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const outputs = await session.run({ [input]: new Tensor('float32', Float32Array.from(data), dims) });
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, Array.from(tensor.data as Float32Array)]),
  );
}

export function firstNode(model: OnnxModel): NodeProto {
  const node = model.graph?.node[0];
  if (node === undefined) throw new Error('Expected a graph with a node');
  return node;
}
