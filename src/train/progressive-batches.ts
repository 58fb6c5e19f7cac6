import { byClassRate, defineBatchSampler } from './batch-sampler.js';

export const progressive = defineBatchSampler({
  name: 'progressive',
  summary: 'from every row equally often, in the first epoch, to every class equally often, in the last',
  paper: 'Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", arXiv:1910.09217',
  options: {},
  create: (context) =>
    byClassRate(context, (count, { epoch, epochs, rows, classes }) => {
      const t = epochs === 1 ? 0 : epoch / (epochs - 1);
      return ((1 - t) * count) / rows + t / classes;
    }),
});
