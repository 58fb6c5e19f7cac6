import { integer } from '../core/options.js';
import { defineSampler } from './define-sampler.js';
import { smoteSource } from './own-class.js';

/** Differs from common implementations in that self is excluded by row, so an exact duplicate may be a neighbour but never self. */
export const smote = defineSampler({
  name: 'smote',
  summary: 'interpolate between a row and one of its nearest rows of the same class',
  paper:
    'Chawla, Bowyer, Hall, Kegelmeyer, "SMOTE: Synthetic Minority Over-sampling Technique", JAIR 16 (2002), arXiv:1106.1813',
  towards: 'same-class',
  options: {
    kNeighbors: integer({
      min: 1,
      default: 5,
      help: 'nearest rows of the same class to choose from; small: near copies; large: bridges between distant parts of a class. Cut to the size of the class less one',
    }),
  },
  prepare: (task) => smoteSource(task, task.options.kNeighbors),
});
