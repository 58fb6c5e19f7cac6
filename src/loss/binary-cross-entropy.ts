import { EquipoiseError } from '../core/errors.js';
import { custom } from '../core/options.js';
import { logSigmoid, lossOfColumns, sigmoid } from './column-loss.js';
import { defineLoss, type LossBatch } from './loss.js';

type PositiveWeights = 'none' | 'balanced' | readonly number[];

const named = ['none', 'balanced'];

/** PyTorch's `binary_cross_entropy_with_logits` with `pos_weight`, summed over the classes. */
export const binaryCrossEntropy = defineLoss({
  name: 'binary-cross-entropy',
  summary: 'cross-entropy of a yes or no for every class, for rows with any number of labels',
  targets: 'many',
  needs: ['trainingRows'],
  shiftInvariant: false,
  options: {
    positiveWeights: custom<PositiveWeights>({
      accepts: `one of ${named.join(', ')}, or an array of one finite number >= 0 a class`,
      default: 'none',
      help: 'factor for rows that have the class; balanced: rows without it over rows with it, so that yes and no count alike, and a class of a few rows is predicted too often',
      check: (value) =>
        named.includes(value as string) ||
        (Array.isArray(value) && value.length > 0 && value.every((w) => Number.isFinite(w) && w >= 0)),
    }),
  },
  create({ positiveWeights }) {
    let counts: Int32Array | undefined;
    let weights: ArrayLike<number> = [];
    return lossOfColumns((batch) => {
      if (counts !== batch.classCounts) {
        counts = batch.classCounts;
        weights = weightsOf(positiveWeights, batch);
      }
      return (z, has, classId, term) => {
        const weight = has ? (weights[classId] as number) : 1;
        term.value = -weight * logSigmoid(has ? z : -z);
        term.slope = weight * (sigmoid(z) - (has ? 1 : 0));
      };
    });
  },
});

function weightsOf(kind: PositiveWeights, { classCounts, trainingRows = 0 }: LossBatch): ArrayLike<number> {
  if (typeof kind !== 'string') {
    if (kind.length === classCounts.length) return kind;
    throw new EquipoiseError(
      'ERR_SHAPE',
      `positiveWeights has ${kind.length} entries but there are ${classCounts.length} classes`,
    );
  }
  return Array.from(classCounts, (count) => (kind === 'none' || count === 0 ? 1 : (trainingRows - count) / count));
}
