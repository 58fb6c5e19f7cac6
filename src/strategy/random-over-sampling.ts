import { samplers } from '../sampler/index.js';
import { overSampling } from './over-sampling.js';

export const randomOverSampling = overSampling(samplers['random-over-sampling'], {
  summary: 'repeats rows of the small classes until all are equal',
  when: 'first of the samplers to try, and the bar for cleverer ones: on embeddings it is often as good',
});
