/** Standardisation of the columns: fitted on training rows, kept as the first nodes of the head. */

import type { Dense } from '../core/matrix.js';
import type { GraphPart } from '../onnx/graph.js';

/** Row x becomes (x − mean) · scale, column by column; `scale` is 1/sd. */
export interface Scaler {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
}

type Windows = Iterable<Dense> | AsyncIterable<Dense>;

/**
 * Mean and 1/sd (population) of each column, accumulated in float64; a column that never changes keeps scale 1, as all do with `centerOnly`.
 * @param windows all rows in their order, some at a time, again for each call: the sums do not depend on where they are cut.
 */
export async function fitScaler(windows: () => Windows, cols: number, { centerOnly = false } = {}): Promise<Scaler> {
  const mean = new Float64Array(cols);
  const square = new Float64Array(cols);
  let rows = 0;
  for await (const x of windows()) {
    for (let i = 0, at = 0; i < x.rows; i++, at += cols)
      for (let j = 0; j < cols; j++) mean[j] = (mean[j] as number) + (x.data[at + j] as number);
    rows += x.rows;
  }
  for (let j = 0; j < cols; j++) mean[j] = (mean[j] as number) / rows;
  if (centerOnly) return { mean: Float32Array.from(mean), scale: new Float32Array(cols).fill(1) };
  // A second pass: squares minus the square of the mean would cancel for columns far from zero.
  for await (const x of windows())
    for (let i = 0, at = 0; i < x.rows; i++, at += cols)
      for (let j = 0; j < cols; j++) {
        const difference = (x.data[at + j] as number) - (mean[j] as number);
        square[j] = (square[j] as number) + difference * difference;
      }
  const scale = Float32Array.from(square, (sum) => {
    const inverse = Math.fround(1 / Math.sqrt(sum / rows));
    // Equal float32 values add up exactly in float64, so a constant column has sd 0, not a tiny one.
    return Number.isFinite(inverse) ? inverse : 1;
  });
  return { mean: Float32Array.from(mean), scale };
}

/** Writes the scaled rows to `out`, in float32 as the exported graph does it. */
export function applyScaler({ mean, scale }: Scaler, { data, rows, cols }: Dense, out: Float32Array): void {
  for (let i = 0, at = 0; i < rows; i++)
    for (let j = 0; j < cols; j++, at++)
      out[at] = Math.fround((data[at] as number) - (mean[j] as number)) * (scale[j] as number);
}

export function scalerGraph({ mean, scale }: Scaler, input: string, output: string): GraphPart {
  return {
    nodes: [
      { op: 'Sub', inputs: [input, 'scaler.mean'], outputs: ['scaler.centred'] },
      { op: 'Mul', inputs: ['scaler.centred', 'scaler.scale'], outputs: [output] },
    ],
    initializers: [
      { name: 'scaler.mean', shape: [mean.length], data: mean },
      { name: 'scaler.scale', shape: [scale.length], data: scale },
    ],
    input,
    output,
  };
}
