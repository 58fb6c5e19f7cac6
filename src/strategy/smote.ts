import { samplers } from '../sampler/index.js';
import { overSampling } from './over-sampling.js';

export const smote = overSampling(samplers.smote, {
  summary: 'fills up the small classes between neighbouring rows of the same class',
  when: 'classes of ten rows or more, compact in embedding space, where repeated rows are overfitted',
});
