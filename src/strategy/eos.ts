import { samplers } from '../sampler/index.js';
import { overSampling } from './over-sampling.js';

export const eos = overSampling(samplers.eos, {
  summary:
    'fills up the small classes towards their nearest enemies: where small classes are recognised on training rows only',
});
