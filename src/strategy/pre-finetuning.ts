import { integer, number } from '../core/options.js';
import { samplers } from '../sampler/index.js';
import { defineStrategy, type Stage } from './strategy.js';

/**
 * Pre-finetuning: first the adapter (in place of the network's topmost layer) and the head on class-balanced augmented rows, then all
 * on the original rows at a tenth of the rate. Rows with a parent are the augmented ones; where there are none they are made in
 * embedding space, by SMOTE, and the stage's name says so.
 */
export const preFinetuning = defineStrategy({
  name: 'pre-finetuning',
  summary: 'adapter and head learn from class-balanced augmented rows first, then gently from the original ones',
  when: 'text or images embedded with --augment, in small sets; without such rows it is smote in two stages',
  paper:
    'Shi, ValizadehAslani, Wang, Ren, Zhang, Hu, Zhao, Liang, "Improving Imbalanced Learning by Pre-finetuning with Data Augmentation", LIDTA 2022, PMLR 183',
  options: {
    adapterWidth: integer({
      min: 1,
      default: 64,
      help: 'width of the adapter; narrow: nearly a linear head; wide: memorises the rare classes',
    }),
    fineFactor: number({
      min: 0,
      max: 1,
      default: 0.1,
      help: 'rate of the second stage, as a share of the first; 0: the original rows teach nothing; 1: the first stage is forgotten',
    }),
  },
  ownSteps: 'two stages with rates of their own',
  recipe({ options: { adapterWidth, fineFactor }, parents, labels, classCounts }) {
    const of = (augmented: boolean) =>
      Int32Array.from(labels.keys()).filter((row) => (parents?.[row] != null) === augmented);
    const covered = new Set(Array.from(of(true), (row) => labels[row]));
    const stored = parents !== undefined && classCounts.every((count, c) => count === 0 || covered.has(c));
    const first: Stage = stored
      ? { name: 'augmented rows of the store', rows: of(true), sampler: null }
      : {
          name: parents
            ? 'rows made in embedding space by smote: not every class has augmented rows in the store'
            : 'rows made in embedding space by smote: the store has no augmented ones',
          sampler: samplers.smote.name,
          ...(parents && { rows: of(false) }),
        };
    return {
      head: { name: 'adapter', width: adapterWidth },
      loss: 'cross-entropy',
      stages: [
        { ...first, batchSampler: 'class-balanced' },
        {
          name: 'original rows',
          sampler: null,
          batchSampler: 'instance',
          rateFactor: fineFactor,
          ...(parents && { rows: of(false) }),
        },
      ],
    };
  },
});
