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
  const onesOf = createScratch(1, 1);
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
      kernels.gemm({
        a: onesOf(rows),
        b: gradOut,
        c: gradBias,
        m: 1,
        n: outputs,
        k: rows,
        transposeA: false,
        transposeB: false,
        alpha: 1,
        beta: 0,
      });
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

export interface Scratch {
  /** (rows, cols), whatever it held before; the same memory again for the same rows. */
  (rows: number): Float32Array;
  /** The bits of the same numbers: a sign is taken from them without a branch, which random signs would make slow. */
  bits(rows: number): Int32Array;
}

/** Memory of (rows, cols) that grows with the largest batch and is otherwise kept; `fill` is what it begins with. */
export function createScratch(cols: number, fill = 0): Scratch {
  let room = new Float32Array(0);
  let view = room;
  let bits = new Int32Array(0);
  const floats = (rows: number) => {
    const length = rows * cols;
    if (view.length === length) return view;
    if (room.length < length) room = new Float32Array(length).fill(fill);
    view = room.subarray(0, length);
    bits = new Int32Array(room.buffer, 0, length);
    return view;
  };
  return Object.assign(floats, {
    bits(rows: number) {
      floats(rows);
      return bits;
    },
  });
}

/** max(0, z), by the sign bit; NaN stays NaN. */
export function rectify(bits: Int32Array): void {
  for (let j = 0; j < bits.length; j++) bits[j] = (bits[j] as number) & ~((bits[j] as number) >> 31);
}

/** Puts 0 where `active`, which a rectifier made, is 0. */
export function gate(bits: Int32Array, active: Int32Array): void {
  // The bits of a positive number are a positive integer, so their negative has the sign bit set.
  for (let j = 0; j < bits.length; j++) bits[j] = (bits[j] as number) & (-(active[j] as number) >> 31);
}
