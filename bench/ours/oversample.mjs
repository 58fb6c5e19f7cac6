import { asTraining, createSampler, fromArrays } from '../../dist/src/index.js';
import { array, d, k, measure, method, threads } from '../measure.mjs';

const [x, y, base] = await Promise.all([array('x'), array('y'), array('base')]);
const train = asTraining(fromArrays({ data: x, shape: [y.length, d] }, y));
await measure(
  // A new sampler each time: one that has searched a set before remembers its neighbours.
  () => createSampler(method, { kNeighbors: k }).fitResample(train, { threads }),
  y.length + base.length,
);
