import { classesToCondense, condense, condenseRules } from './condense.js';
import { defineCleaningSampler, keepAll, keepOnly } from './define-under-sampler.js';

const name = 'condensed-nearest-neighbor';

/** One pass over the rows in their order, as in imbalanced-learn; Hart repeats it until nothing changes. */
export const condensedNearestNeighbor = defineCleaningSampler({
  name,
  summary: 'keep of the large classes the rows that those already kept would misjudge',
  paper: 'Hart, "The Condensed Nearest Neighbor Rule", IEEE Transactions on Information Theory 14 (1968)',
  options: condenseRules,
  async select(task) {
    const keep = keepAll(task);
    for (const { own, seeds, ...rows } of classesToCondense(task, name)) {
      const added = await condense(task, { ...rows, k: task.options.kNeighbors, growing: true });
      keepOnly(keep, own, [...seeds, ...added]);
    }
    return { keep };
  },
});
