import { defineSampler, duplicates } from './define-sampler.js';

export const randomOverSampling = defineSampler({
  name: 'random-over-sampling',
  summary: 'repeat rows of the small classes, drawn with replacement',
  towards: 'same-class',
  reads: 'labels',
  options: {},
  prepare: ({ members }) => duplicates(members),
});
