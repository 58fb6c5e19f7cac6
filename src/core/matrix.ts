/** Matrices at the public edge are `ndarray` views; inside, rooms work on dense row-major buffers. */

import ndarray, { type NdArray } from 'ndarray';
import { EquipoiseError, expected } from './errors.js';

/** An `ndarray` of shape (rows, cols) over float32 data. */
export type Matrix = NdArray<Float32Array>;

/** What public functions accept: any strided two-dimensional view, an `ndarray` or a look-alike. */
export interface MatrixLike {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly stride?: readonly number[];
  readonly offset?: number;
}

/** Contiguous row-major float32: element (i, j) is `data[i * cols + j]`. */
export interface Dense {
  readonly data: Float32Array;
  readonly rows: number;
  readonly cols: number;
}

/** Wraps row-major data of shape (rows, cols) without copying. */
export function matrix(data: Float32Array, rows: number, cols: number): Matrix {
  if (data.length !== rows * cols)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `Expected ${rows} x ${cols} = ${rows * cols} numbers for a matrix but received ${data.length}`,
    );
  return ndarray(data, [rows, cols]);
}

/**
 * Views `x` as dense rows: no copy when it is contiguous float32 already.
 * @throws ERR_OPTION when `x` is no matrix, ERR_SHAPE when the view reaches outside its data.
 */
export function dense(x: MatrixLike, name = 'embeddings'): Dense {
  if (typeof x !== 'object' || x === null || !Array.isArray(x.shape) || x.shape.length !== 2 || x.data === undefined)
    throw expected('a matrix { data, shape: [rows, cols], stride, offset }', name, x);
  const [rows = 0, cols = 0] = x.shape;
  if (!Number.isInteger(rows) || !Number.isInteger(cols) || rows < 0 || cols < 0)
    throw new EquipoiseError(
      'ERR_SHAPE',
      `Expected whole numbers for the shape of ${name} but received [${x.shape.join(', ')}]`,
    );
  const [rowStride = cols, colStride = 1] = x.stride ?? [cols, 1];
  const offset = x.offset ?? 0;
  if (rows > 0 && cols > 0) {
    const corners = [
      0,
      (rows - 1) * rowStride,
      (cols - 1) * colStride,
      (rows - 1) * rowStride + (cols - 1) * colStride,
    ];
    const low = offset + Math.min(...corners);
    const high = offset + Math.max(...corners);
    if (low < 0 || high >= x.data.length)
      throw new EquipoiseError(
        'ERR_SHAPE',
        `${name} of shape ${rows} x ${cols} reaches elements ${low} to ${high} but its data has ${x.data.length}`,
      );
  }
  const contiguous = colStride === 1 && (rowStride === cols || rows <= 1);
  if (contiguous && x.data instanceof Float32Array)
    return { data: x.data.subarray(offset, offset + rows * cols), rows, cols };
  const data = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) data[i * cols + j] = x.data[offset + i * rowStride + j * colStride] ?? 0;
  return { data, rows, cols };
}

/**
 * Fails on the first NaN or infinity.
 * @param rowName says how to name row i in the message (an id, a file).
 * @throws ERR_DATA naming the row and the column.
 */
export function assertFinite(x: Dense, rowName: (row: number) => string = (row) => `Row ${row}`): void {
  const { data, cols } = x;
  for (let start = 0; start < data.length; start += 65536) {
    const end = Math.min(data.length, start + 65536);
    // x − x is 0 for finite x and NaN otherwise: one addition an element, and the slow look only where it is needed.
    let sum = 0;
    for (let i = start; i < end; i++) {
      const value = data[i] as number;
      sum += value - value;
    }
    if (sum === 0) continue;
    for (let i = start; i < end; i++)
      if (!Number.isFinite(data[i]))
        throw new EquipoiseError(
          'ERR_DATA',
          `${rowName(Math.floor(i / cols))} has a non-finite value (${data[i]}) in column ${i % cols}. Remove or repair the row; NaN and infinity are never stored`,
        );
  }
}

/** Copies the given rows, in order, into a new dense matrix. */
export function takeRows(x: Dense, rows: ArrayLike<number>): Dense {
  const data = new Float32Array(rows.length * x.cols);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    data.set(x.data.subarray(row * x.cols, (row + 1) * x.cols), i * x.cols);
  }
  return { data, rows: rows.length, cols: x.cols };
}
