import { integer } from '../core/options.js';
import { defineSampler, usedNeighbors } from './define-sampler.js';
import { smoteSource } from './own-class.js';
import { enemyCounts } from './zones.js';

/** The largest step below 1 that float32 holds at any rounding. */
const almostOne = 1 - 2 ** -24;

/**
 * A row's safe level is how many of its `kNeighbors` nearest rows are of the class that grows. Samples lie nearer to the safer end.
 *
 * One step a sample, as in the paper: the step a feature of smote-variants leaves the segment and is a defect. Its rule also
 * makes a row of level 0, which by definition has only rows of other classes around it, copy one of those under its own label;
 * here such rows are no bases, and a class of nothing else gets plain SMOTE rows, as the plan says.
 */
export const safeLevelSmote = defineSampler({
  name: 'safe-level-smote',
  summary: 'interpolate between near rows of any class, nearer to the one with more of the class around it',
  paper: 'Bunkhumpornpat, Sinapiromsaran, Lursinsap, "Safe-Level-SMOTE", PAKDD 2009, doi:10.1007/978-3-642-01307-2_43',
  towards: 'any',
  options: {
    kNeighbors: integer({
      min: 1,
      default: 5,
      help: 'nearest rows of any class that tell how safe a row is and that it may move towards; small: chance decides; large: levels of all rows are alike',
    }),
  },
  async prepare(task) {
    const { set, classId, members, options, search } = task;
    const { labels } = set;
    const near = await search({ k: options.kNeighbors, among: 'all' });
    const { k } = near;
    const enemies = enemyCounts(members, near, labels);
    const bases = Int32Array.from(members.keys()).filter((row) => (enemies[row] as number) < k);
    if (bases.length === 0)
      return smoteSource(task, options.kNeighbors, {
        fallback: `no row has one of its class among its ${k} nearest: every row is a base, as in smote`,
      });
    const level = new Map<number, number>();
    members.forEach((row, i) => level.set(row, k - (enemies[i] as number)));
    const strangers = new Set<number>();
    for (const row of bases)
      for (let rank = 0; rank < k; rank++) {
        const neighbor = near.indices[row * k + rank] as number;
        if (labels[neighbor] !== classId) strangers.add(neighbor);
      }
    if (strangers.size > 0) {
      const rows = Int32Array.from(strangers).sort();
      const { indices } = await search({ k, among: 'all', rows });
      rows.forEach((row, q) => {
        const around = indices.subarray(q * k, (q + 1) * k);
        level.set(row, around.filter((neighbor) => labels[neighbor] === classId).length);
      });
    }
    return {
      eligibleBases: bases.length,
      ...usedNeighbors(options.kNeighbors, k),
      draw(draws, recipe) {
        const row = bases[draws.below(bases.length)] as number;
        recipe.base = members[row] as number;
        recipe.other = near.indices[row * k + draws.below(k)] as number;
        const own = level.get(recipe.base) as number;
        const theirs = level.get(recipe.other) as number;
        const uniform = draws.uniform();
        if (theirs <= own) recipe.step = (uniform * theirs) / own;
        else recipe.step = Math.min(almostOne, 1 - (own / theirs) * (1 - uniform));
      },
    };
  },
});
