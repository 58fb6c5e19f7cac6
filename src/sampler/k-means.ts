/** Clusters of rows, the same on every backend: a product finds the near centres, float64 distances decide between them. */

import type { Dense } from '../core/matrix.js';
import { pauses } from '../core/pause.js';
import type { Rng } from '../core/rng.js';
import type { Kernels } from '../kernels/index.js';

export interface KMeansOptions {
  /** At most as many as rows. */
  readonly clusters: number;
  readonly rng: Rng;
  readonly kernels: Kernels;
  readonly signal?: AbortSignal;
}

export interface Clusters {
  /** (clusters, cols): means of the rows assigned, rounded to float32. */
  readonly centres: Dense;
  /** The cluster of each row, whose centre is the nearest one; ties go to the lower id. */
  readonly assignment: Int32Array;
}

/** As many as scikit-learn allows; usually a tenth of it is used. */
const maxIterations = 300;

/** Squared movement of all centres, as a share of the mean variance of a column, that ends the search: scikit-learn's. */
const tolerance = 1e-4;

/** Choosing a start by distance takes a pass a centre; beyond so many centres that costs more than the iterations it saves. */
const maxSpreadStart = 256;

/** Elements of one block of products. */
const blockElements = 1 << 20;

function squaredNorms({ data, rows, cols }: Dense): Float64Array {
  const norms = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let at = i * cols; at < (i + 1) * cols; at++) sum += (data[at] as number) ** 2;
    norms[i] = sum;
  }
  return norms;
}

function l2sq(x: Dense, row: number, y: Dense, other: number): number {
  const { cols } = x;
  let sum = 0;
  for (let j = 0, a = row * cols, b = other * cols; j < cols; j++)
    sum += ((x.data[a + j] as number) - (y.data[b + j] as number)) ** 2;
  return sum;
}

/**
 * k-means by Lloyd's iterations, from a k-means++ start (from random rows where more than 256 clusters are wanted).
 *
 * Every row is compared to every centre, so the result is a full k-means, not a mini-batch one. A cluster that loses all its
 * rows keeps its centre.
 *
 * @param x (n, d) rows.
 * @throws ERR_ABORTED by the signal.
 * @example
 * const { centres, assignment } = await kMeans(dense(set.embeddings), { clusters: 8, rng, kernels });
 */
export async function kMeans(x: Dense, { clusters: wanted, rng, kernels, signal }: KMeansOptions): Promise<Clusters> {
  const { data, rows, cols } = x;
  const clusters = Math.min(wanted, rows);
  const pause = pauses('clustering', signal);
  const centres: Dense = { data: new Float32Array(clusters * cols), rows: clusters, cols };
  const assignment = new Int32Array(rows).fill(-1);
  const norms = squaredNorms(x);
  // Rounding of a float32 product of two rows, kernels.ts; doubled for both of the two that are compared, with room for float64.
  const margin = 2 * 2 * (cols + 1) * 2 ** -24;

  const copyRow = (row: number, to: number): void =>
    centres.data.set(data.subarray(row * cols, (row + 1) * cols), to * cols);

  async function start(): Promise<void> {
    const draws = rng.at(0);
    if (clusters > maxSpreadStart) {
      rng.permutation(rows, 1).subarray(0, clusters).forEach(copyRow);
      return;
    }
    copyRow(draws.below(rows), 0);
    const nearest = new Float64Array(rows).fill(Infinity);
    for (let c = 1; c < clusters; c++) {
      let total = 0;
      for (let i = 0; i < rows; i++) {
        total += nearest[i] = Math.min(nearest[i] as number, l2sq(x, i, centres, c - 1));
        const due = pause();
        if (due) await due;
      }
      let left = draws.uniform() * total;
      let row = 0;
      while (row < rows - 1 && left >= (nearest[row] as number)) left -= nearest[row++] as number;
      copyRow(row, c);
    }
  }

  const block = Math.max(1, Math.min(rows, Math.floor(blockElements / Math.max(clusters, cols))));
  const products = new Float32Array(block * clusters);

  /** The nearest of the centres that rounding leaves in question. */
  function decide(row: number, at: number, limit: number, centreNorms: Float64Array): number {
    let nearest = 0;
    let distance = Infinity;
    for (let c = 0; c < clusters; c++) {
      if ((centreNorms[c] as number) / 2 - (products[at + c] as number) > limit) continue;
      const exact = l2sq(x, row, centres, c);
      if (exact >= distance) continue;
      distance = exact;
      nearest = c;
    }
    return nearest;
  }

  /** Moves every row to its nearest centre; whether any moved. */
  async function assign(): Promise<boolean> {
    const centreNorms = squaredNorms(centres);
    const widest = Math.sqrt(centreNorms.reduce((a, b) => Math.max(a, b), 0));
    let moved = false;
    for (let from = 0; from < rows; from += block) {
      const count = Math.min(block, rows - from);
      kernels.gemm({
        a: data.subarray(from * cols, (from + count) * cols),
        b: centres.data,
        c: products.subarray(0, count * clusters),
        m: count,
        n: clusters,
        k: cols,
        transposeA: false,
        transposeB: true,
        alpha: 1,
        beta: 0,
      });
      for (let i = 0; i < count; i++) {
        const row = from + i;
        const at = i * clusters;
        // Half the squared distance, less what is the same for all centres.
        let best = Infinity;
        let second = Infinity;
        let nearest = 0;
        for (let c = 0; c < clusters; c++) {
          const score = (centreNorms[c] as number) / 2 - (products[at + c] as number);
          if (score < best) {
            second = best;
            best = score;
            nearest = c;
          } else if (score < second) second = score;
        }
        const limit = best + margin * Math.sqrt(norms[row] as number) * widest;
        if (second <= limit) nearest = decide(row, at, limit, centreNorms);
        moved ||= assignment[row] !== nearest;
        assignment[row] = nearest;
      }
      const due = pause();
      if (due) await due;
    }
    return moved;
  }

  /** Puts each centre in the middle of its rows; the squared movement of all. */
  function recentre(): number {
    const sums = new Float64Array(clusters * cols);
    const counts = new Int32Array(clusters);
    for (let i = 0; i < rows; i++) {
      const c = assignment[i] as number;
      counts[c]!++;
      for (let j = 0, at = i * cols, to = c * cols; j < cols; j++) sums[to + j]! += data[at + j] as number;
    }
    let movement = 0;
    for (let c = 0; c < clusters; c++) {
      if (counts[c] === 0) continue;
      for (let at = c * cols; at < (c + 1) * cols; at++) {
        const before = centres.data[at] as number;
        centres.data[at] = (sums[at] as number) / (counts[c] as number);
        movement += ((centres.data[at] as number) - before) ** 2;
      }
    }
    return movement;
  }

  function meanVariance(): number {
    const means = new Float64Array(cols);
    for (let at = 0; at < data.length; at++) means[at % cols]! += (data[at] as number) / rows;
    const total = norms.reduce((a, b) => a + b, 0) / rows - means.reduce((sum, mean) => sum + mean * mean, 0);
    return total / cols;
  }

  await start();
  const enough = tolerance * meanVariance();
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const moved = await assign();
    if (!moved) break;
    if (recentre() <= enough) {
      await assign();
      break;
    }
  }
  return { centres, assignment };
}
