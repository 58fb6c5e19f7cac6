import { integer } from '../core/options.js';
import { classWalks, cycle, defineBatchSampler, type ClassWalk } from './batch-sampler.js';

export const classAware = defineBatchSampler({
  name: 'class-aware',
  summary: 'class after class in random order, some rows of each at a time',
  paper:
    'Shen, Lin, Huang, "Relay Backpropagation for Effective Learning of Deep Convolutional Neural Networks", ECCV 2016, arXiv:1512.05830',
  options: {
    perTurn: integer({
      min: 1,
      default: 4,
      help: 'rows a class gives before the next has its turn; 1: class-balanced; large: few classes a batch, noisy steps',
    }),
  },
  create(context) {
    const { perTurn } = context.options;
    const walks = classWalks(context);
    const nextWalk = cycle(Int32Array.from(walks.keys()), context.rng.substream('classes'));
    let walk = walks[0] as ClassWalk;
    let left = 0;
    return (out) => {
      for (let i = 0; i < out.length; i++) {
        if (left === 0) {
          walk = walks[nextWalk()] as ClassWalk;
          left = perTurn;
        }
        out[i] = walk.next();
        left--;
      }
    };
  },
});
