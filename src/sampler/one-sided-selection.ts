import { takeRows } from '../core/matrix.js';
import { classesToCondense, condense, condenseRules } from './condense.js';
import { defineCleaningSampler, keepAll, keepOnly } from './define-under-sampler.js';
import { linked } from './tomek-links.js';

const name = 'one-sided-selection';

/**
 * As imbalanced-learn does it: rows are judged by the smallest class and the seeds alone, and the Tomek links are those among the
 * rows that are left.
 */
export const oneSidedSelection = defineCleaningSampler({
  name,
  summary: 'keep of the large classes the rows that a few of them would misjudge, then remove Tomek links',
  paper: 'Kubat, Matwin, "Addressing the Curse of Imbalanced Training Sets: One-Sided Selection", ICML 1997',
  options: condenseRules,
  async select(task) {
    const { targets, options, search, set, x } = task;
    const keep = keepAll(task);
    for (const { own, seeds, ...rows } of classesToCondense(task, name)) {
      const added = await condense(task, { ...rows, k: options.kNeighbors, growing: false });
      keepOnly(keep, own, [...seeds, ...added]);
    }
    const left = Int32Array.from(keep.keys()).filter((row) => keep[row]);
    const labelOf = (i: number): number => set.labels[left[i] as number] as number;
    const { indices } = await search({ k: 1, among: 'all', space: takeRows(x, left) });
    for (const i of linked(indices, labelOf)) if (targets.includes(labelOf(i))) keep[left[i] as number] = 0;
    return { keep };
  },
});
