import { choice } from '../core/options.js';
import { defineStrategy } from './strategy.js';

/** Nearest class mean: no training at all. */
export const ncm = defineStrategy({
  name: 'ncm',
  summary: 'the class whose mean is nearest, without training',
  when: 'classes of one to ten rows, or as a floor for the others; no training at all',
  paper:
    'Mensink et al., "Distance-Based Image Classification: Generalizing to New Classes at Near-Zero Cost", TPAMI 2013. Transforms: Wang et al., "SimpleShot", arXiv:1911.04623',
  options: {
    transform: choice({
      of: ['cl2n', 'l2n', 'none'],
      default: 'cl2n',
      help: 'of rows, before means are taken: less the mean of all and to length 1, to length 1, or as they are',
    }),
  },
  ownSteps: 'it takes none',
  deterministic: true,
  recipe: ({ options: { transform }, table }) => ({
    head: { name: 'nearest-mean', unitRows: transform !== 'none' },
    loss: 'cross-entropy',
    sampler: null,
    batchSampler: 'instance',
    untrained: true,
    // Columns of a table have units of their own, so they are standardized, which centres them, too.
    ...(transform === 'cl2n' && !table && { standardize: 'center' }),
  }),
});
