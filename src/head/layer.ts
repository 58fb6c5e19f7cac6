/** One affine layer, y = x Wᵀ + b, with everything that training asks of it. */

import type { Kernels } from '../kernels/kernels.js';
import type { GraphNode } from '../onnx/graph.js';
import type { Parameter } from './head.js';

export interface Layer {
  /** out (rows, outputs). */
  forward(x: Float32Array, rows: number, out: Float32Array): void;
  /** Overwrites the gradients of weight and bias, and that of `x` where `gradX` is given. */
  backward(
    x: Float32Array,
    rows: number,
    gradOut: Float32Array,
    gradWeight: Float32Array,
    gradBias?: Float32Array,
    gradX?: Float32Array,
  ): void;
  /** How `out` moves when the weights move along (weight, bias) and the rows along `alongX`. */
  tangent(
    x: Float32Array,
    rows: number,
    along: { readonly weight: Float32Array; readonly bias?: Float32Array; readonly x?: Float32Array },
    out: Float32Array,
  ): void;
  node(input: string, output: string): GraphNode;
}

/** A layer over parameters that someone else owns: weight (outputs, inputs), bias (outputs). */
export function createLayer(kernels: Kernels, weight: Parameter, bias?: Parameter): Layer {
  const [outputs = 0, inputs = 0] = weight.shape;
  const sums = new Float64Array(outputs);
  /** out = x Wᵀ + shift, or + out where there is nothing to begin with but what `out` holds. */
  const times = (x: Float32Array, rows: number, w: Float32Array, out: Float32Array, beta: 0 | 1) =>
    kernels.gemm({
      a: x,
      b: w,
      c: out,
      m: rows,
      n: outputs,
      k: inputs,
      transposeA: false,
      transposeB: true,
      alpha: 1,
      beta,
    });
  const begin = (shift: Float32Array | undefined, rows: number, out: Float32Array) => {
    if (shift === undefined) return 0;
    for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < outputs; j++, at++) out[at] = shift[j] as number;
    return 1;
  };
  return {
    forward(x, rows, out) {
      times(x, rows, weight.data, out, begin(bias?.data, rows, out));
    },
    backward(x, rows, gradOut, gradWeight, gradBias, gradX) {
      kernels.gemm({
        a: gradOut,
        b: x,
        c: gradWeight,
        m: outputs,
        n: inputs,
        k: rows,
        transposeA: true,
        transposeB: false,
        alpha: 1,
        beta: 0,
      });
      if (gradX)
        kernels.gemm({
          a: gradOut,
          b: weight.data,
          c: gradX,
          m: rows,
          n: inputs,
          k: outputs,
          transposeA: false,
          transposeB: false,
          alpha: 1,
          beta: 0,
        });
      if (gradBias === undefined) return;
      sums.fill(0);
      for (let i = 0, at = 0; i < rows; i++)
        for (let j = 0; j < outputs; j++, at++) sums[j] = (sums[j] as number) + (gradOut[at] as number);
      gradBias.set(sums);
    },
    tangent(x, rows, along, out) {
      times(x, rows, along.weight, out, begin(along.bias, rows, out));
      if (along.x) times(along.x, rows, weight.data, out, 1);
    },
    node: (input, output) => ({
      op: 'Gemm',
      inputs: [input, `head.${weight.name}`, ...(bias ? [`head.${bias.name}`] : [])],
      outputs: [output],
      attributes: { transB: 1 },
    }),
  };
}

/** Scratch of (rows, cols) that grows with the largest batch and is otherwise kept. */
export function createScratch(cols: number): (rows: number) => Float32Array {
  let room = new Float32Array(0);
  let view = room;
  return (rows) => {
    if (view.length === rows * cols) return view;
    if (room.length < rows * cols) room = new Float32Array(rows * cols);
    view = room.subarray(0, rows * cols);
    return view;
  };
}
