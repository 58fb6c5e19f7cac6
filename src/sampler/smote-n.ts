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

/**
 * The k nearest other positions of each position, by distance and then position, as (n, k). Equal rows are searched for once.
 * @param codes one array a variable: the level at each position.
 * @param differences one table a variable, (levels, levels).
 */
async function nearestPositions(
  n: number,
  k: number,
  codes: readonly Int32Array[],
  differences: readonly Float64Array[],
  signal?: AbortSignal,
): Promise<Int32Array> {
  const pause = pauses('searching for neighbours', signal);
  const nearest = new Int32Array(n * k);
  const distances = new Float64Array(n);
  const alike = new Map<string, number[]>();
  for (let i = 0; i < n; i++) {
    const key = codes.map((levels) => levels[i]).join(' ');
    const known = alike.get(key);
    if (known) known.push(i);
    else alike.set(key, [i]);
  }
  const found = new Int32Array(k + 1);
  for (const positions of alike.values()) {
    const due = pause();
    if (due) await due;
    distances.fill(0);
    const first = positions[0] as number;
    for (const [v, levels] of codes.entries()) {
      const table = differences[v] as Float64Array;
      const size = Math.sqrt(table.length);
      addRow(distances, levels, table.subarray((levels[first] as number) * size));
    }
    lowest(distances, found);
    // One more than asked for, so that each of them may leave itself out.
    for (const i of positions) {
      let to = i * k;
      for (let at = 0; at <= k && to < (i + 1) * k; at++) if (found[at] !== i) nearest[to++] = found[at] as number;
    }
  }
  return nearest;
}

function addRow(distances: Float64Array, levels: Int32Array, row: Float64Array): void {
  for (let j = 0; j < distances.length; j++) distances[j]! += row[levels[j] as number] as number;
}

/** Fills `found` with the positions of the smallest distances, ascending, ties to the lower position. */
function lowest(distances: Float64Array, found: Int32Array): void {
  let length = 0;
  let worst = Infinity;
  for (let j = 0; j < distances.length; j++) {
    const distance = distances[j] as number;
    if (distance >= worst && length === found.length) continue;
    let at = length < found.length ? length++ : length - 1;
    for (; at > 0 && distance < (distances[found[at - 1] as number] as number); at--)
      found[at] = found[at - 1] as number;
    found[at] = j;
    if (length === found.length) worst = distances[found[length - 1] as number] as number;
  }
}

/**
 * Every variable takes what most of the base and its k neighbours have; neighbours by the value difference metric.
 *
 * Of levels that tie one is drawn, where imbalanced-learn takes the first in order of code. Votes are no interpolation, so all
 * rows are `extra` ones. The search visits every row of a class once for each different row of it, without an index: 20,000 different
 * rows of ten columns take some seconds.
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
      help: 'nearest rows of the same class that vote beside the base; small: near copies; large: rare categories die out. Every different row of a class is compared with all of its rows: minutes above 100,000 different ones',
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
      categories.map(({ codes }) => members.map((row) => codes[row] as number)),
      differences,
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
