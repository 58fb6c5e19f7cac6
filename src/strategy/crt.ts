import { defineStrategy } from './strategy.js';

/** Classifier re-training. A backbone's embeddings are the representation; a head with layers of its own learns it in a first stage. */
export const crt = defineStrategy({
  name: 'crt',
  summary: 'layers below are learnt from the rows as they are, the classifier on top anew from class-balanced batches',
  when: 'the head has layers of its own (mlp, adapter); a linear head gets its second half only, class-balanced batches',
  paper: 'Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", arXiv:1910.09217',
  options: {},
  recipe({ layered }) {
    const balanced = { name: 'classifier', batchSampler: 'class-balanced' } as const;
    return {
      loss: 'cross-entropy',
      sampler: null,
      stages: layered
        ? [
            { name: 'representation', batchSampler: 'instance' },
            { ...balanced, trainable: 'classifier', restart: 'classifier' },
          ]
        : [balanced],
    };
  },
});
