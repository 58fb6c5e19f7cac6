import { EquipoiseError, expected, throwIfAborted } from '../core/errors.js';
import { matrix, takeRows, type Matrix } from '../core/matrix.js';
import { custom, integer } from '../core/options.js';
import { defineUnderSampler, keepAll, keepOnly, lowest, type UnderTask } from './define-under-sampler.js';
import { seedRule } from './entry.js';

/**
 * Learns from some rows and judges others: gets (n, d) rows, their n class ids, (m, d) rows and the number of classes; gives
 * (m, classes) probabilities, row by row.
 */
export type Estimator = (
  train: Matrix,
  labels: Int32Array,
  test: Matrix,
  classes: number,
) => ArrayLike<number> | Promise<ArrayLike<number>>;

const NEIGHBORS = 5;

/** By row the fold it is judged in: classes are spread evenly. */
function foldOf({ members, options, rng, set }: UnderTask<{ folds: number }>): Int32Array {
  const fold = new Int32Array(set.labels.length);
  let next = 0;
  for (const [c, own] of members.entries())
    for (const i of rng(c).permutation(own.length)) fold[own[i] as number] = next++ % options.folds;
  return fold;
}

/** Hardness of each row: 1 − the probability of its class by neighbours from other folds, each with the weight 1 ÷ distance. */
async function hardnessByNeighbors(
  { search, set }: Pick<UnderTask<unknown>, 'search' | 'set'>,
  fold: Int32Array,
  asked: number,
): Promise<Float64Array> {
  const { labels } = set;
  const { k, indices, l2sq } = await search({ k: asked, among: 'enemies', labels: fold });
  return Float64Array.from(labels, (own, row) => {
    let [agree, all, nearest] = [0, 0, 0];
    for (let i = row * k; i < (row + 1) * k && (indices[i] as number) >= 0; i++) {
      const distance = Math.sqrt(l2sq[i] as number);
      // Rows that are equal leave the others no weight.
      if (i > row * k && nearest === 0 && distance > 0) break;
      if (i === row * k) nearest = distance;
      const weight = nearest === 0 ? 1 : nearest / distance;
      all += weight;
      if (labels[indices[i] as number] === own) agree += weight;
    }
    return all === 0 ? 1 : 1 - agree / all;
  });
}

async function hardnessByEstimator(
  { x, set, signal }: Pick<UnderTask<unknown>, 'x' | 'set' | 'signal'>,
  fold: Int32Array,
  folds: number,
  estimator: Estimator,
): Promise<Float64Array> {
  const hardness = new Float64Array(fold.length);
  const { labels, classNames } = set;
  const classes = classNames.length;
  const rowsWhere = (wanted: (row: number) => boolean): Int32Array => Int32Array.from(fold.keys()).filter(wanted);
  const take = (rows: Int32Array): Matrix => matrix(takeRows(x, rows).data, rows.length, x.cols);
  for (let f = 0; f < folds; f++) {
    throwIfAborted(signal, 'judging rows');
    const test = rowsWhere((row) => fold[row] === f);
    const train = rowsWhere((row) => fold[row] !== f);
    if (test.length === 0) continue;
    const trainLabels = train.map((row) => labels[row] as number);
    const probabilities = await estimator(take(train), trainLabels, take(test), classes);
    if (probabilities.length !== test.length * classes)
      throw new EquipoiseError(
        'ERR_SHAPE',
        `Expected ${test.length} x ${classes} probabilities of instance-hardness-threshold.estimator but received ${probabilities.length} numbers`,
      );
    for (const [i, row] of test.entries()) {
      const probability = probabilities[i * classes + (labels[row] as number)];
      if (!Number.isFinite(probability))
        throw new EquipoiseError(
          'ERR_DATA',
          `instance-hardness-threshold.estimator gave ${probability} as the probability of row ${row} (${set.ids[row]})`,
        );
      hardness[row] = -(probability as number);
    }
  }
  return hardness;
}

/**
 * Keeps, of each class, exactly as many rows as wanted, those whose class is the most probable; ties go to the lower row.
 *
 * imbalanced-learn judges by a random forest. Here it is the vote of nearest rows of other folds, which needs one search and is the same
 * everywhere: the share of disagreeing neighbours is the measure that follows hardness best in the paper. `estimator` takes
 * any other.
 */
export const instanceHardnessThreshold = defineUnderSampler({
  name: 'instance-hardness-threshold',
  summary: 'keep the rows of the large classes that a classifier trained on other rows finds easiest',
  paper: 'Smith, Martinez, Giraud-Carrier, "An Instance Level Analysis of Data Complexity", Machine Learning 95 (2014)',
  options: {
    kNeighbors: integer({
      min: 1,
      default: NEIGHBORS,
      help: 'nearest rows of other folds that judge a row; small: single rows decide; large: whatever is near a larger class is hard',
    }),
    folds: integer({
      min: 2,
      default: 5,
      help: 'parts that are judged by the rows of the others; few: judged by little; many: slower with an estimator',
    }),
    estimator: custom<Estimator | null>({
      accepts: 'a function (train, labels, test, classes) of probabilities, or null',
      default: null,
      programOnly: true,
      help: 'judges in place of the nearest rows, from program code only: gets rows, their class ids and other rows, gives a probability a class for each of those',
      check: (value) => value === null || typeof value === 'function',
    }),
    seed: seedRule,
  },
  check({ estimator, kNeighbors }) {
    if (estimator && kNeighbors !== NEIGHBORS)
      throw expected(
        String(NEIGHBORS),
        'instance-hardness-threshold.kNeighbors',
        kNeighbors,
        'With an estimator no neighbours are asked',
      );
  },
  async select(task) {
    const { kNeighbors, folds, estimator } = task.options;
    const fold = foldOf(task);
    const hardness = estimator
      ? await hardnessByEstimator(task, fold, folds, estimator)
      : await hardnessByNeighbors(task, fold, kNeighbors);
    const keep = keepAll(task);
    for (const c of task.targets) {
      const own = task.members[c] as Int32Array;
      const scores = Float64Array.from(own, (row) => hardness[row] as number);
      keepOnly(keep, own, lowest(own, scores, task.totals[c] as number));
    }
    return { keep };
  },
});
