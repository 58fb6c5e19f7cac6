import { samplers } from '../sampler/index.js';
import { overSampling } from './over-sampling.js';

export const softSmote = overSampling(samplers['soft-smote'], {
  summary:
    'fills up the small classes towards near rows of any class, with shared labels: where classes overlap and eos is too bold',
});
