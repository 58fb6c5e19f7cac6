import { editedNearestNeighbors } from './edited-nearest-neighbors.js';
import { smoteThenClean } from './smote-then-clean.js';

const { kNeighbors, kind } = editedNearestNeighbors.options;

export const smoteEnn = smoteThenClean({
  name: 'smote-enn',
  summary: 'SMOTE, then edited nearest neighbours on all classes, synthetic rows included',
  paper:
    'Batista, Prati, Monard, "A Study of the Behavior of Several Methods for Balancing Machine Learning Training Data", SIGKDD Explorations 6 (2004)',
  options: { cleaningNeighbors: kNeighbors, cleaningKind: kind },
  clean: ({ cleaningNeighbors, cleaningKind }, classes) =>
    editedNearestNeighbors({ kNeighbors: cleaningNeighbors, kind: cleaningKind, ...classes }),
});
