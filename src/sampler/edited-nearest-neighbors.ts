import { concat } from './search.js';
import { usedNeighbors } from './define-sampler.js';
import { defineCleaningSampler, keepAll } from './define-under-sampler.js';
import { agrees, editRules } from './edit.js';

/** Votes that tie go to the class earlier in the class table. */
export const editedNearestNeighbors = defineCleaningSampler({
  name: 'edited-nearest-neighbors',
  summary: 'remove the rows of the large classes whose neighbours are of other classes',
  paper:
    'Wilson, "Asymptotic Properties of Nearest Neighbor Rules Using Edited Data", IEEE Transactions on Systems, Man, and Cybernetics 2 (1972)',
  options: editRules,
  async select(task) {
    const { members, targets, set, options, search } = task;
    const rows = concat(targets.map((c) => members[c] as Int32Array));
    const { k, indices } = await search({ k: options.kNeighbors, among: 'all', rows });
    const keep = keepAll(task);
    rows.forEach((row, i) => {
      if (!agrees(options.kind, row, indices, i * k, k, set.labels)) keep[row] = 0;
    });
    return { keep, notes: new Map(targets.map((c) => [c, usedNeighbors(options.kNeighbors, k)])) };
  },
});
