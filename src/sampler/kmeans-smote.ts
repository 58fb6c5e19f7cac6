import { dense, type Dense } from '../core/matrix.js';
import { custom, integer } from '../core/options.js';
import { pauses } from '../core/pause.js';
import { defineSampler } from './define-sampler.js';
import { kMeans } from './k-means.js';
import { smoteSource } from './own-class.js';

const autoOr = (accepts: string, help: string, check: (value: number) => boolean) =>
  custom<'auto' | number>({
    accepts: `'auto' or ${accepts}`,
    default: 'auto',
    help,
    check: (value) => value === 'auto' || (typeof value === 'number' && Number.isFinite(value) && check(value)),
  });

/** Mean Euclidean distance of all pairs of the given rows. */
async function meanDistance({ data, cols }: Dense, rows: readonly number[], signal?: AbortSignal): Promise<number> {
  const pause = pauses('measuring clusters', signal);
  let sum = 0;
  for (let i = 1; i < rows.length; i++) {
    const due = pause();
    if (due) await due;
    for (let k = 0; k < i; k++) {
      let even = 0;
      let odd = 0;
      const a = (rows[i] as number) * cols;
      const b = (rows[k] as number) * cols;
      let j = 0;
      for (; j + 1 < cols; j += 2) {
        even += ((data[a + j] as number) - (data[b + j] as number)) ** 2;
        odd += ((data[a + j + 1] as number) - (data[b + j + 1] as number)) ** 2;
      }
      if (j < cols) even += ((data[a + j] as number) - (data[b + j] as number)) ** 2;
      sum += Math.sqrt(even + odd);
    }
  }
  return (2 * sum) / (rows.length * (rows.length - 1));
}

/**
 * SMOTE inside clusters of all rows: only those where the class is frequent enough, and more samples where its rows lie far apart.
 *
 * A cluster counts when the class's share of it reaches `clusterBalanceThreshold` and it has more than `kNeighbors` rows of the
 * class. It gets ⌈g · w⌉ of the g rows wanted, so that a class may end a little above its total; w is proportional to meanDistance^e / rows of the
 * class in it. Clusters come from a full k-means where imbalanced-learn uses a mini-batch one. Where no cluster counts
 * imbalanced-learn fails; here the class gets plain SMOTE rows, and the plan says so.
 */
export const kmeansSmote = defineSampler({
  name: 'kmeans-smote',
  summary: 'SMOTE inside those clusters where the class is frequent, with more samples where it is sparse',
  paper:
    'Douzas, Bacao, Last, "Improving imbalanced learning through a heuristic oversampling method based on k-means and SMOTE", Information Sciences 465 (2018), arXiv:1711.00837',
  towards: 'same-class',
  totals: 'approximate',
  classes: 'together',
  options: {
    kNeighbors: integer({
      min: 1,
      default: 2,
      help: 'nearest rows of the same class and cluster to choose from; small: near copies; large: clusters with few rows of the class fall away',
    }),
    clusters: integer({
      min: 1,
      default: 8,
      help: 'clusters of all rows; 1: plain SMOTE; small: clusters hold several classes; large: few of them have enough rows of a class',
    }),
    clusterBalanceThreshold: autoOr(
      'number from 0 to 1',
      "share of a cluster's rows that must be of the class; small: samples among other classes; large: no cluster is left. auto: half of the class's share of all rows wanted",
      (value) => value >= 0 && value <= 1,
    ),
    densityExponent: autoOr(
      'number >= 0',
      'how much the distance between rows of a cluster counts; 0: clusters share by their rows alone; large: the sparsest cluster gets nearly all. auto: 0.16 · (log_1.6 rows)^1.8',
      (value) => value >= 0,
    ),
  },
  async prepare(task) {
    const { set, members, count, totalCount, options, search, once, kernels, signal } = task;
    const { kNeighbors, clusters } = options;
    const x = dense(set.embeddings);
    const clustered = await once(async (rng) => {
      const { assignment } = await kMeans(x, { clusters, rng, kernels, ...(signal && { signal }) });
      const sizes = new Int32Array(clusters);
      // A class of a cluster as one number, to search inside it.
      const cells = assignment.map((cluster, row) => {
        sizes[cluster]!++;
        return cluster * set.classNames.length + (set.labels[row] as number);
      });
      return { assignment, sizes, cells };
    });
    const { assignment, sizes, cells } = clustered;

    const inCluster = Array.from({ length: clusters }, (): number[] => []);
    for (const row of members) inCluster[assignment[row] as number]!.push(row);
    const automatic = clusters === 1 ? 0 : count / totalCount / 2;
    const threshold = options.clusterBalanceThreshold === 'auto' ? automatic : options.clusterBalanceThreshold;
    const valid = inCluster.filter(
      (own, cluster) => own.length > kNeighbors && own.length / (sizes[cluster] as number) >= threshold,
    );
    if (valid.length === 0)
      return smoteSource(task, kNeighbors, {
        fallback: `no cluster has more than ${kNeighbors} of its rows as ${(100 * threshold).toFixed(1)} % of all: every row is a base, as in smote`,
      });

    // Logarithms: a distance to the power of 30 leaves float64.
    const sparsity: number[] = [];
    for (const own of valid) {
      const { densityExponent } = options;
      const exponent =
        densityExponent === 'auto' ? 0.16 * (Math.log(own.length) / Math.log(1.6)) ** 1.8 : densityExponent;
      const distance = exponent === 0 ? 1 : await meanDistance(x, own, signal);
      sparsity.push(exponent * Math.log(distance) - Math.log(own.length));
    }
    const highest = Math.max(...sparsity);
    // All rows of all clusters the same: no sparsity to weigh by.
    const weights = sparsity.map((value) => (highest === -Infinity ? 1 : Math.exp(value - highest)));
    const sum = weights.reduce((a, b) => a + b, 0);
    const ends: number[] = [];
    for (const weight of weights) ends.push((ends.at(-1) ?? 0) + Math.ceil((count * weight) / sum));

    const bases = Int32Array.from(valid.flat());
    const starts = valid.map((_, i) => valid.slice(0, i).reduce((rows, own) => rows + own.length, 0));
    const { indices, k: stride } = await search({ k: kNeighbors, among: 'same-class', rows: bases, labels: cells });
    return {
      eligibleBases: bases.length,
      count: ends.at(-1) as number,
      draw(draws, recipe, sample) {
        let cluster = 0;
        while (sample >= (ends[cluster] as number)) cluster++;
        const row = (starts[cluster] as number) + draws.below((valid[cluster] as number[]).length);
        recipe.base = bases[row] as number;
        recipe.other = indices[row * stride + draws.below(kNeighbors)] as number;
        recipe.step = draws.uniform();
      },
    };
  },
});
