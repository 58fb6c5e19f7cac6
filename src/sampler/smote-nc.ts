import { EquipoiseError } from '../core/errors.js';
import { dense, type Dense } from '../core/matrix.js';
import { integer } from '../core/options.js';
import { categoricalRule, copyCategory, elect, readCategories, type Categories } from './categories.js';
import { defineSampler, usedNeighbors } from './define-sampler.js';
import { singleRow } from './own-class.js';
import { deviations } from './random-over-sampling.js';

/** The middle value; the mean of the middle two of an even number. */
function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Rows of a class where a category that differs is as far as `apart`: its levels one-hot, times apart / √2. */
function categorySpace({ data, cols }: Dense, members: Int32Array, found: Categories, apart: number): Dense {
  const { numeric, categories } = found;
  const width = numeric.length + categories.reduce((sum, { levels }) => sum + levels, 0);
  const space = new Float32Array(members.length * width);
  members.forEach((row, i) => {
    let at = i * width;
    for (const column of numeric) space[at++] = data[row * cols + column] as number;
    for (const { codes, levels } of categories) {
      space[at + (codes[row] as number)] = apart * Math.SQRT1_2;
      at += levels;
    }
  });
  return { data: space, rows: members.length, cols: width };
}

/**
 * Numbers are interpolated as in SMOTE; each category takes what most of the base's k neighbours have, ties drawn.
 *
 * Two rows that differ in a category are as far apart as the median of the standard deviations of the class's numeric columns, as in
 * the paper: the newer form of imbalanced-learn (from 0.12 on), which takes that median from the class that grows and scales levels by
 * 1/√2; before, it came from the smallest class and was scaled by 1/2. Votes are no interpolation, so all rows are `extra` ones.
 */
export const smoteNc = defineSampler({
  name: 'smote-nc',
  summary:
    'SMOTE for tables with numbers and categories: numbers are interpolated, categories are voted on by the neighbours',
  paper:
    'Chawla, Bowyer, Hall, Kegelmeyer, "SMOTE: Synthetic Minority Over-sampling Technique", JAIR 16 (2002), section 6.1, arXiv:1106.1813',
  towards: 'same-class',
  columns: 'mixed',
  options: {
    kNeighbors: integer({
      min: 1,
      default: 5,
      help: 'nearest rows of the same class to choose from and to vote; small: near copies; large: rare categories die out',
    }),
    categorical: categoricalRule,
  },
  async prepare({ set, members, options, search, once }) {
    const x = dense(set.embeddings);
    const found = once(() => readCategories(set, options.categorical, 'smote-nc.categorical'));
    if (found.numeric.length === 0)
      throw new EquipoiseError(
        'ERR_DATA',
        'Expected some numeric columns for smote-nc but all are categories. Use smote-n, or name fewer in smote-nc.categorical',
      );
    const single = singleRow(members);
    if (single) return single;
    const spread = deviations(x.data, x.cols, members);
    const apart = median(found.numeric.map((column) => spread[column] as number));
    const space = categorySpace(x, members, found, apart);
    const near = await search({ k: options.kNeighbors, among: 'all', space });
    const { k } = near;
    const neighbors = near.indices.map((position) => members[position] as number);
    const position = new Map(Array.from(members, (row, i) => [row, i]));
    return {
      ...usedNeighbors(options.kNeighbors, k),
      ...(apart === 0 && {
        fallback: 'the numeric columns of the class do not vary: categories do not count in the distance',
      }),
      draw(draws, recipe) {
        const row = draws.below(members.length);
        recipe.base = members[row] as number;
        recipe.other = neighbors[row * k + draws.below(k)] as number;
        recipe.step = draws.uniform();
      },
      alter(row, { base, other }, draws) {
        const at = (position.get(base) as number) * k;
        const voters = Array.from(neighbors.subarray(at, at + k));
        for (const category of found.categories) {
          const elected = elect(category.codes, voters, (bound) => draws.below(bound));
          copyCategory(category, x.data, x.cols, elected, row);
        }
        return [base, other, ...voters.filter((voter) => voter !== other)];
      },
    };
  },
});
