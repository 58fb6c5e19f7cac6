import { samplers } from '../sampler/index.js';
import { overSampling } from './over-sampling.js';

export const softSmote = overSampling(samplers['soft-smote'], {
  summary: 'fills up the small classes towards near rows of any class, with shared labels',
  when: 'as eos, where classes overlap so much that rows near an enemy should share its label',
});
