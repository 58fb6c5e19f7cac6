import { choice, number } from '../core/options.js';
import { firstEpochAfter } from '../loss/index.js';
import { defineBatchSampler } from './batch-sampler.js';
import { classBalanced } from './class-balanced-batches.js';
import { instance } from './instance-batches.js';
import { squareRoot } from './square-root-batches.js';

const later = { 'class-balanced': classBalanced, 'square-root': squareRoot } as const;

export const deferred = defineBatchSampler({
  name: 'deferred',
  summary: 'deferred re-sampling: every row equally often, and classes evened out only in the last epochs',
  paper:
    'Cao, Wei, Gaidon, Arechiga, Ma, "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", NeurIPS 2019, arXiv:1906.07413',
  options: {
    balanceFrom: number({
      min: 0,
      max: 1,
      default: 0.8,
      help: 'share of the epochs that pass before the change; 0: from the start; near 1: too late to matter',
    }),
    balanceTo: choice({
      of: ['class-balanced', 'square-root'],
      default: 'class-balanced',
      help: 'how often each class then comes',
    }),
  },
  create(context) {
    const { balanceFrom: from, balanceTo: to } = context.options;
    const before = instance.create({ ...context, options: {} });
    const after = later[to].create({ ...context, rng: context.rng.substream(to), options: {} });
    return (out, epoch, epochs) => (epoch < firstEpochAfter(from, epochs) ? before : after)(out, epoch, epochs);
  },
});
