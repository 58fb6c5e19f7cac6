import { integer } from '../core/options.js';
import { defineSampler } from './define-sampler.js';
import { ownNeighbors, singleRow, smoteSource } from './own-class.js';
import { enemyCounts } from './zones.js';

/** The nearest whole number, halves to the even one. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/**
 * The more rows of other classes a row has among its `kNeighbors` nearest, the more samples start from it: its share of the rows
 * wanted, rounded (halves to even), so that the total may differ a little from what was asked.
 *
 * imbalanced-learn fails where no row has such a neighbour, or where all shares round to nothing; here the class gets plain
 * SMOTE rows in the one case and bases drawn in proportion in the other, and the plan says so.
 */
export const adasyn = defineSampler({
  name: 'adasyn',
  summary: 'SMOTE that starts more often from rows with many near rows of other classes',
  paper:
    'He, Bai, Garcia, Li, "ADASYN: Adaptive Synthetic Sampling Approach for Imbalanced Learning", IJCNN 2008, doi:10.1109/IJCNN.2008.4633969',
  towards: 'same-class',
  totals: 'approximate',
  options: {
    kNeighbors: integer({
      min: 1,
      default: 5,
      help: 'nearest rows that tell how hard a row is, and nearest rows of its class to move towards; small: chance decides; large: all rows count alike',
    }),
  },
  async prepare(task) {
    const { members, count, set, options, search } = task;
    const { kNeighbors } = options;
    const enemies = enemyCounts(members, await search({ k: kNeighbors, among: 'all' }), set.labels);
    const sum = enemies.reduce((a, b) => a + b, 0);
    if (sum === 0)
      return smoteSource(task, kNeighbors, {
        fallback: `no row has another class among its ${kNeighbors} nearest: every row is a base, as in smote`,
      });
    const single = singleRow(members);
    if (single) return single;
    // Share r_i / Σ r of the rows wanted, in whole numbers until the one division.
    const rounded = enemies.map((own) => roundHalfEven((own * count) / sum));
    const total = rounded.reduce((a, b) => a + b, 0);
    const proportional = total === 0;
    const shares = proportional ? enemies : rounded;
    const bases = members.filter((_, row) => (shares[row] as number) > 0);
    const ends: number[] = [];
    for (const share of shares) if (share > 0) ends.push((ends.at(-1) ?? 0) + share);
    const { used, pick } = await ownNeighbors(task, kNeighbors, bases);
    return {
      ...used,
      eligibleBases: bases.length,
      ...(proportional && {
        fallback: `${count} rows are too few to give every base its rounded share: bases are drawn in proportion`,
      }),
      count: proportional ? count : total,
      draw(draws, recipe, sample) {
        const row = firstAbove(ends, proportional ? draws.below(sum) : sample);
        recipe.base = bases[row] as number;
        recipe.other = pick(row, draws);
        recipe.step = draws.uniform();
      },
    };
  },
});

/** The first position of rising `ends` whose value is above `value`. */
function firstAbove(ends: readonly number[], value: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
