import { defineCleaningSampler, keepAll } from './define-under-sampler.js';

/** The ends of Tomek links, from the nearest row of each row: `nearest[i]` is that of row `rows[i]`, as an index into `rows`. */
export function linked(nearest: Int32Array, labelOf: (i: number) => number): number[] {
  return [...nearest.keys()].filter((i) => {
    const other = nearest[i] as number;
    return other >= 0 && nearest[other] === i && labelOf(i) !== labelOf(other);
  });
}

export const tomekLinks = defineCleaningSampler({
  name: 'tomek-links',
  summary:
    'remove the rows of the large classes that form a pair of mutual nearest neighbours with a row of another class',
  paper: 'Tomek, "Two Modifications of CNN", IEEE Transactions on Systems, Man, and Cybernetics 6 (1976)',
  options: {},
  async select(task) {
    const { labels } = task.set;
    const { indices } = await task.search({ k: 1, among: 'all' });
    const keep = keepAll(task);
    for (const row of linked(indices, (i) => labels[i] as number))
      if (task.targets.includes(labels[row] as number)) keep[row] = 0;
    return { keep };
  },
});
