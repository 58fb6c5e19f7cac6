import { integer } from '../core/options.js';
import { defineCleaningSampler } from './define-under-sampler.js';
import { editRules } from './edit.js';
import { editRepeatedly } from './repeated-editing.js';

export const repeatedEditedNearestNeighbors = defineCleaningSampler({
  name: 'repeated-edited-nearest-neighbors',
  summary: 'edited nearest neighbours until nothing more is removed, or a class would become the smallest',
  paper:
    'Tomek, "An Experiment with the Edited Nearest-Neighbor Rule", IEEE Transactions on Systems, Man, and Cybernetics 6 (1976)',
  options: {
    ...editRules,
    maxIterations: integer({
      min: 1,
      default: 100,
      help: 'most rounds; 1: plain edited nearest neighbours; large: as many as change anything',
    }),
  },
  select: (task) =>
    editRepeatedly(task, {
      kind: task.options.kind,
      rounds: Array.from({ length: task.options.maxIterations }, () => task.options.kNeighbors),
      untilStable: true,
      sparesOrder: true,
    }),
});
