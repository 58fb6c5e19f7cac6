import { classWalks, cycle, defineBatchSampler, type ClassWalk } from './batch-sampler.js';

export const classBalanced = defineBatchSampler({
  name: 'class-balanced',
  summary: 'every class equally often, and within a class every row equally often',
  paper: 'Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", arXiv:1910.09217',
  options: {},
  create(context) {
    const walks = classWalks(context);
    const nextWalk = cycle(Int32Array.from(walks.keys()), context.rng.substream('classes'));
    return (out) => {
      for (let i = 0; i < out.length; i++) out[i] = (walks[nextWalk()] as ClassWalk).next();
    };
  },
});
