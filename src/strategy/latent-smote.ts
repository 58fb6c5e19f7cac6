import { smote } from './smote.js';
import { aliasOf } from './strategy.js';

/** On the embeddings of a frozen backbone the sampling half of DeepSMOTE is SMOTE; its decoder back to pixels is not part of this. */
export const latentSmote = {
  ...aliasOf('latent-smote', smote),
  summary: 'the half of DeepSMOTE that needs no decoder, SMOTE between embeddings',
  when: 'where smote is: this is the same, under the name that goes with its paper',
  paper:
    'Dablain, Krawczyk, Chawla, "DeepSMOTE: Fusing Deep Learning and SMOTE for Imbalanced Data", TNNLS 2022, arXiv:2105.02340',
};
