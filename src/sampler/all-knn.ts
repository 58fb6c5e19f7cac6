import { boolean, integer } from '../core/options.js';
import { defineCleaningSampler } from './define-under-sampler.js';
import { editRules } from './edit.js';
import { editRepeatedly } from './repeated-editing.js';

export const allKnn = defineCleaningSampler({
  name: 'all-knn',
  summary: 'edited nearest neighbours with one neighbour, then two, up to kNeighbors',
  paper:
    'Tomek, "An Experiment with the Edited Nearest-Neighbor Rule", IEEE Transactions on Systems, Man, and Cybernetics 6 (1976)',
  options: {
    kind: editRules.kind,
    kNeighbors: integer({
      min: 1,
      default: 3,
      help: 'neighbours of the last round; small: single rows decide; large: more rounds, and whole borders are removed',
    }),
    allowMinority: boolean({
      default: false,
      help: 'go on where a class has become smaller than the smallest one was; otherwise that round is the last',
    }),
  },
  select: (task) =>
    editRepeatedly(task, {
      kind: task.options.kind,
      rounds: Array.from({ length: task.options.kNeighbors }, (_, i) => i + 1),
      untilStable: false,
      sparesOrder: !task.options.allowMinority,
    }),
});
