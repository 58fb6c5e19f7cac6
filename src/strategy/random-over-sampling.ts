import { samplers } from '../sampler/index.js';
import { overSampling } from './over-sampling.js';

export const randomOverSampling = overSampling(samplers['random-over-sampling'], {
  summary:
    'repeats rows of the small classes until all are equal: the first thing to try, and the bar for cleverer sampling',
});
