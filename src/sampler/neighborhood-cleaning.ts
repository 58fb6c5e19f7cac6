import { number } from '../core/options.js';
import { usedNeighbors } from './define-sampler.js';
import { defineCleaningSampler, keepAll } from './define-under-sampler.js';
import { agrees, editRules } from './edit.js';

/**
 * Edits by majority vote, as the paper does, and removes the neighbours of rows of the smallest class that are misjudged.
 *
 * imbalanced-learn before 0.12 compares class sizes to the whole set, where the paper compares them to the smallest class, and its
 * default `kind_sel="all"` looks at label numbers rather than at whether they agree; both are as in the paper here.
 */
export const neighborhoodCleaning = defineCleaningSampler({
  name: 'neighborhood-cleaning',
  summary:
    'remove rows of the large classes that their neighbours outvote, and those around outvoted rows of the smallest class',
  paper: 'Laurikkala, "Improving Identification of Difficult Small Classes by Balancing Class Distribution", AIME 2001',
  options: {
    kNeighbors: editRules.kNeighbors,
    kind: {
      ...editRules.kind,
      default: 'mode' as const,
      help: 'when a row of the smallest class is misjudged, so that its neighbours are removed. mode: other classes have the most votes; all: any neighbour is of another class, and more is removed',
    },
    threshold: number({
      min: 0,
      default: 0.5,
      help: 'only classes with more rows than threshold times the smallest class lose the neighbours of its misjudged rows; small: all of them; large: only the largest',
    }),
  },
  async select(task) {
    const { targets, members, minority, set, options } = task;
    const { labels, classCounts } = set;
    const keep = keepAll(task);
    const { k, indices } = await task.search({ k: options.kNeighbors, among: 'all' });
    for (const c of targets)
      for (const row of members[c] as Int32Array) if (!agrees('mode', row, indices, row * k, k, labels)) keep[row] = 0;
    const least = options.threshold * (classCounts[minority] as number);
    const large = new Set(targets.filter((c) => (classCounts[c] as number) > least));
    for (const row of members[minority] as Int32Array) {
      if (agrees(options.kind, row, indices, row * k, k, labels)) continue;
      for (const other of indices.subarray(row * k, (row + 1) * k))
        if (large.has(labels[other] as number)) keep[other] = 0;
    }
    return { keep, notes: new Map(targets.map((c) => [c, usedNeighbors(options.kNeighbors, k)])) };
  },
});
