/**
 * Support vectors of a soft-margin SVM with a Gaussian kernel, and nothing else of it: SMO with second-order choice of the working set
 * (Fan, Chen, Lin, "Working Set Selection Using Second Order Information for Training Support Vector Machines", JMLR 6, 2005).
 */

import type { Dense } from '../core/matrix.js';
import { pauses } from '../core/pause.js';

export interface SvmOptions {
  /** Price of a row on the wrong side of the margin. */
  readonly cost: number;
  /** The kernel is exp(−gamma · squared distance). */
  readonly gamma: number;
  readonly signal?: AbortSignal;
}

/** The violation of optimality at which libsvm and scikit-learn stop. */
const tolerance = 1e-3;

/** Kernel rows kept: as many bytes as scikit-learn's default. */
const cacheBytes = 200 * 2 ** 20;

/** Far above what any data needs: a loop that rounding keeps from ending ends all the same. libsvm's. */
const mostSteps = (rows: number): number => Math.max(10_000_000, 100 * rows);

/** Stands for a curvature that rounding made 0 or negative. */
const tiny = 1e-12;

/** Kernel values of one row with all of `rows`, computed in float64, kept in float32; the longest unused row makes room. */
function kernelRows({ data, cols }: Dense, rows: Int32Array, gamma: number): (i: number) => Float32Array {
  const most = Math.max(2, Math.floor(cacheBytes / (4 * rows.length)));
  const cache = new Map<number, Float32Array>();
  return (i) => {
    const known = cache.get(i);
    if (known) {
      cache.delete(i);
      cache.set(i, known);
      return known;
    }
    const row = cache.size < most ? new Float32Array(rows.length) : oldest(cache);
    const from = (rows[i] as number) * cols;
    for (let t = 0; t < rows.length; t++) {
      const mirrored = cache.get(t);
      if (mirrored) {
        row[t] = mirrored[i] as number;
        continue;
      }
      const to = (rows[t] as number) * cols;
      let even = 0;
      let odd = 0;
      let j = 0;
      for (; j + 1 < cols; j += 2) {
        const a = (data[from + j] as number) - (data[to + j] as number);
        const b = (data[from + j + 1] as number) - (data[to + j + 1] as number);
        even += a * a;
        odd += b * b;
      }
      if (j < cols) even += ((data[from + j] as number) - (data[to + j] as number)) ** 2;
      row[t] = Math.exp(-gamma * (even + odd));
    }
    cache.set(i, row);
    return row;
  };
}

function oldest(cache: Map<number, Float32Array>): Float32Array {
  const [key, row] = cache.entries().next().value as [number, Float32Array];
  cache.delete(key);
  return row;
}

/**
 * The rows of two classes that hold the boundary between them.
 *
 * @param x the (n, d) matrix that `first` and `second` name rows of.
 * @returns support vectors of both classes, in the order given.
 * @throws ERR_ABORTED by the signal.
 */
export async function supportVectors(
  x: Dense,
  first: Int32Array,
  second: Int32Array,
  { cost, gamma, signal }: SvmOptions,
): Promise<Int32Array> {
  const rows = new Int32Array(first.length + second.length);
  rows.set(first);
  rows.set(second, first.length);
  const n = rows.length;
  const y = new Float64Array(n).fill(1, 0, first.length).fill(-1, first.length);
  const alpha = new Float64Array(n);
  const gradient = new Float64Array(n).fill(-1);
  const kernel = kernelRows(x, rows, gamma);
  const pause = pauses('fitting an SVM', signal);
  const mayRise = (t: number): boolean => (y[t] === 1 ? (alpha[t] as number) < cost : (alpha[t] as number) > 0);
  const mayFall = (t: number): boolean => (y[t] === 1 ? (alpha[t] as number) > 0 : (alpha[t] as number) < cost);

  for (let steps = mostSteps(n); steps > 0; steps--) {
    const due = pause();
    if (due) await due;
    // The row that gains most by rising …
    let i = -1;
    let up = -Infinity;
    for (let t = 0; t < n; t++) {
      const gain = -(y[t] as number) * (gradient[t] as number);
      if (gain >= up && mayRise(t)) {
        up = gain;
        i = t;
      }
    }
    if (i < 0) break;
    // … and, against it, the one whose fall lowers the objective most. The Gaussian kernel is 1 on the diagonal.
    const ki = kernel(i);
    let j = -1;
    let down = -Infinity;
    let best = Infinity;
    for (let t = 0; t < n; t++) {
      if (!mayFall(t)) continue;
      const loss = (y[t] as number) * (gradient[t] as number);
      if (loss > down) down = loss;
      const difference = up + loss;
      if (difference <= 0) continue;
      const curvature = 2 - 2 * (ki[t] as number);
      const change = -(difference * difference) / (curvature > 0 ? curvature : tiny);
      if (change <= best) {
        best = change;
        j = t;
      }
    }
    if (j < 0 || up + down < tolerance) break;

    // Both move along the line that keeps Σ y · alpha, as far as the optimum or the box allows.
    const kj = kernel(j);
    const [yi, yj] = [y[i] as number, y[j] as number];
    const [alphaI, alphaJ] = [alpha[i] as number, alpha[j] as number];
    const curvature = 2 - 2 * (ki[j] as number);
    const wanted = (up + yj * (gradient[j] as number)) / (curvature > 0 ? curvature : tiny);
    const room = (alphaT: number, rises: boolean): number => (rises ? cost - alphaT : alphaT);
    const step = Math.min(wanted, room(alphaI, yi === 1), room(alphaJ, yj === -1));
    alpha[i] = step === room(alphaI, yi === 1) ? (yi === 1 ? cost : 0) : alphaI + yi * step;
    alpha[j] = step === room(alphaJ, yj === -1) ? (yj === -1 ? cost : 0) : alphaJ - yj * step;
    const [deltaI, deltaJ] = [yi * ((alpha[i] as number) - alphaI), yj * ((alpha[j] as number) - alphaJ)];
    for (let t = 0; t < n; t++)
      gradient[t]! += (y[t] as number) * ((ki[t] as number) * deltaI + (kj[t] as number) * deltaJ);
  }
  return rows.filter((_, t) => (alpha[t] as number) > 0);
}
