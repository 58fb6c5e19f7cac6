import { asTraining, createSampler, fromArrays, trainHead } from '../../dist/src/index.js';
import { array, d, measure, method, threads, work } from '../measure.mjs';

const [x, y] = await Promise.all([array('x'), array('y')]);
const n = y.length;
const train = asTraining(fromArrays({ data: x, shape: [n, d] }, y));
const classes = train.classNames.length;
const sgd = {
  optimizer: { name: 'sgd', momentum: 0.9, weightDecay: 0 },
  schedule: 'constant',
  learningRate: work === 'mlp' ? 0.005 : 0.01,
  batchSize: 256,
  epochs: 10,
  epochLength: 'resampled',
};

/** Mean cross-entropy over all rows. */
function meanLoss(trained) {
  let sum = 0;
  trained.probabilities(train.embeddings).forEach((p, at) => {
    if (at % classes === y[Math.floor(at / classes)]) sum -= Math.log(Math.max(p, 1e-30));
  });
  return sum / n;
}

if (work === 'lbfgs') {
  // scikit-learn adds up the losses and half the squared weights: per row that is l2 = 1/n. It spares a bias, so there is none.
  const head = { name: 'linear', bias: false };
  const options = { head, optimizer: { name: 'lbfgs', l2: 1 / n, tolerance: 5e-5 }, epochs: 1000, threads };
  const penalty = ({ head }) => head.parameters[0].data.reduce((sum, w) => sum + w * w, 0) / (2 * n);
  await measure(
    () => trainHead(train, options),
    n,
    () => undefined,
    (trained) => meanLoss(trained) + penalty(trained),
  );
} else {
  // Planned once: what is measured is training on a plan.
  const plan = work === 'balanced' && method !== 'plain' && (await createSampler('eos').plan(train));
  const sampler = plan ? { name: 'eos', options: {}, plan: async () => plan } : null;
  const rows = n + (plan ? plan.recipes.base.length : 0);
  const options = { ...sgd, head: work === 'mlp' ? { name: 'mlp', hidden: [256] } : 'linear', sampler, threads };
  await measure(
    () => trainHead(train, options),
    sgd.epochs * rows,
    () => undefined,
    meanLoss,
  );
}
