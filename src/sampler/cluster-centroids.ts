import { matrix, takeRows, type Dense } from '../core/matrix.js';
import { choice } from '../core/options.js';
import { defineUnderSampler, keepAll, keepOnly, type UnderTask } from './define-under-sampler.js';
import { seedRule } from './entry.js';
import { kMeans } from './k-means.js';

/** By centre the nearest of its rows. */
async function nearestRows({ search }: UnderTask<unknown>, own: Dense, centres: Dense): Promise<Int32Array> {
  const rows = own.rows + centres.rows;
  const data = new Float32Array(rows * own.cols);
  data.set(own.data);
  data.set(centres.data, own.data.length);
  const { indices } = await search({
    k: 1,
    among: 'enemies',
    space: { data, rows, cols: own.cols },
    labels: new Int32Array(rows).fill(1, own.rows),
    rows: Int32Array.from({ length: centres.rows }, (_, c) => own.rows + c),
  });
  return indices;
}

/** A centre that lost all its rows to others stands for the row nearest to it. */
export const clusterCentroids = defineUnderSampler({
  name: 'cluster-centroids',
  summary: 'replace the rows of the large classes by the centres of as many clusters as rows are wanted',
  paper:
    'Yen, Lee, "Cluster-Based Under-Sampling Approaches for Imbalanced Data Distributions", Expert Systems with Applications 36 (2009)',
  options: {
    voting: choice({
      of: ['soft', 'hard'],
      default: 'soft',
      help: 'soft: the centres themselves, new rows that no item has; hard: the row nearest to each centre, so that all rows are real',
    }),
    seed: seedRule,
  },
  async select(task) {
    const { targets, members, totals, x, options, kernels, signal, rng } = task;
    const keep = keepAll(task);
    const repeats: number[] = [];
    const centroids: { row: Float32Array; label: number; parents: Int32Array }[] = [];
    for (const c of targets) {
      const own = members[c] as Int32Array;
      keepOnly(keep, own, []);
      if (totals[c] === 0) continue;
      const rows = takeRows(x, own);
      const clusters = totals[c] as number;
      const { centres, assignment } = await kMeans(rows, { clusters, rng: rng(c), kernels, ...(signal && { signal }) });
      if (options.voting === 'hard') {
        for (const at of await nearestRows(task, rows, centres)) {
          const row = own[at] as number;
          if (keep[row]) repeats.push(row);
          keep[row] = 1;
        }
        continue;
      }
      const parents = Array.from({ length: clusters }, (): number[] => []);
      assignment.forEach((cluster, i) => parents[cluster]!.push(own[i] as number));
      if (parents.some(({ length }) => length === 0))
        for (const [cluster, at] of (await nearestRows(task, rows, centres)).entries())
          if (parents[cluster]!.length === 0) parents[cluster]!.push(own[at] as number);
      parents.forEach((from, cluster) =>
        centroids.push({
          row: centres.data.subarray(cluster * x.cols, (cluster + 1) * x.cols),
          label: c,
          parents: Int32Array.from(from),
        }),
      );
    }
    if (centroids.length === 0) return { keep, repeats };
    const data = new Float32Array(centroids.length * x.cols);
    centroids.forEach(({ row }, i) => data.set(row, i * x.cols));
    return {
      keep,
      extra: {
        embeddings: matrix(data, centroids.length, x.cols),
        labels: Int32Array.from(centroids, ({ label }) => label),
        parents: centroids.map(({ parents }) => parents),
      },
    };
  },
});
