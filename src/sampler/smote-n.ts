import { EquipoiseError } from '../core/errors.js';
import { dense } from '../core/matrix.js';
import { integer } from '../core/options.js';
import { pauses } from '../core/pause.js';
import { categoricalRule, copyCategory, elect, readCategories, type Category } from './categories.js';
import { defineSampler, usedNeighbors } from './define-sampler.js';
import { singleRow } from './own-class.js';

/**
 * Value difference metric (Stanfill, Waltz 1986) between the levels of one variable, (levels, levels): two levels are alike when the classes share
 * them alike. The square of Σ over classes of |P(class given one level) − P(class given the other)|.
 */
export function valueDifferences({ codes, levels }: Category, labels: Int32Array, classes: number): Float64Array {
  const counts = new Float64Array(levels * classes);
  const totals = new Float64Array(levels);
  codes.forEach((level, row) => {
    counts[level * classes + (labels[row] as number)]!++;
    totals[level]!++;
  });
  const differences = new Float64Array(levels * levels);
  for (let a = 0; a < levels; a++)
    for (let b = 0; b < a; b++) {
      let sum = 0;
      for (let c = 0; c < classes; c++)
        sum += Math.abs(
          (counts[a * classes + c] as number) / (totals[a] as number) -
            (counts[b * classes + c] as number) / (totals[b] as number),
        );
      differences[a * levels + b] = differences[b * levels + a] = sum * sum;
    }
  return differences;
}

/** The k nearest other positions of each position, by distance and then position, as (n, k). */
async function nearestPositions(
  n: number,
  k: number,
  addDistances: (from: number, out: Float64Array) => void,
  signal?: AbortSignal,
): Promise<Int32Array> {
  const pause = pauses('searching for neighbours', signal);
  const nearest = new Int32Array(n * k);
  const distances = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const due = pause();
    if (due) await due;
    distances.fill(0);
    addDistances(i, distances);
    const found: number[] = [];
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const distance = distances[j] as number;
      if (found.length === k && distance >= (distances[found[k - 1] as number] as number)) continue;
      let at = found.length;
      while (at > 0 && distance < (distances[found[at - 1] as number] as number)) at--;
      found.splice(at, 0, j);
      if (found.length > k) found.pop();
    }
    nearest.set(found, i * k);
  }
  return nearest;
}

/**
 * Every variable takes what most of the base and its k neighbours have; neighbours by the value difference metric.
 *
 * Of levels that tie one is drawn, where imbalanced-learn takes the first in order of code. Votes are no interpolation, so all
 * rows are `extra` ones.
 */
export const smoteN = defineSampler({
  name: 'smote-n',
  summary: 'SMOTE for tables of categories only: each column is voted on by a row and its neighbours',
  paper:
    'Chawla, Bowyer, Hall, Kegelmeyer, "SMOTE: Synthetic Minority Over-sampling Technique", JAIR 16 (2002), section 6.2, arXiv:1106.1813',
  towards: 'same-class',
  columns: 'categorical',
  options: {
    kNeighbors: integer({
      min: 1,
      default: 5,
      help: 'nearest rows of the same class that vote beside the base; small: near copies; large: rare categories die out',
    }),
    categorical: categoricalRule,
  },
  async prepare({ set, members, options, once, signal }) {
    const { data, cols } = dense(set.embeddings);
    const { categories, differences } = once(() => {
      const { numeric, categories: found } = readCategories(set, options.categorical, 'smote-n.categorical');
      if (numeric.length > 0)
        throw new EquipoiseError(
          'ERR_DATA',
          `Expected only categories for smote-n but ${numeric.length} of ${cols} columns are numbers, the first of them column ${numeric[0]}. Use smote-nc, or name them in smote-n.categorical if they are codes`,
        );
      return {
        categories: found,
        differences: found.map((category) => valueDifferences(category, set.labels, set.classNames.length)),
      };
    });
    const single = singleRow(members);
    if (single) return single;
    const k = Math.min(options.kNeighbors, members.length - 1);
    const nearest = await nearestPositions(
      members.length,
      k,
      (from, out) =>
        categories.forEach(({ codes, levels }, v) => {
          const table = differences[v] as Float64Array;
          const row = (codes[members[from] as number] as number) * levels;
          for (let to = 0; to < out.length; to++) out[to]! += table[row + (codes[members[to] as number] as number)]!;
        }),
      signal,
    );
    const position = new Map(Array.from(members, (row, i) => [row, i]));
    return {
      ...usedNeighbors(options.kNeighbors, k),
      draw(draws, recipe) {
        recipe.base = recipe.other = members[draws.below(members.length)] as number;
        recipe.step = 0;
      },
      alter(row, { base }, draws) {
        const at = (position.get(base) as number) * k;
        const voters = [base, ...Array.from(nearest.subarray(at, at + k), (near) => members[near] as number)];
        for (const category of categories) {
          const elected = elect(category.codes, voters, (bound) => draws.below(bound));
          copyCategory(category, data, cols, elected, row);
        }
        return voters;
      },
    };
  },
});
