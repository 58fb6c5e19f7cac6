// Plans and makes the rows of --method; with `/plan` behind it, plans only.
import { asTraining, createSampler, fromArrays, samplers } from '../../dist/src/index.js';
import { array, d, k, measure, method, threads } from '../measure.mjs';

const [name, planOnly] = method.split('/');
const over = samplers[name].kind === 'over';
const options = over && 'kNeighbors' in samplers[name].options ? { kNeighbors: k } : {};
const [x, y, base] = await Promise.all([array('x'), array('y'), array('base')]);
const train = asTraining(fromArrays({ data: x, shape: [y.length, d] }, y));
await measure(
  () => {
    // A new one each time: a sampler that has searched a set before remembers its neighbours.
    const sampler = createSampler(name, options);
    return planOnly ? sampler.plan(train, { threads }) : sampler.fitResample(train, { threads });
  },
  y.length + (over ? base.length : 0),
);
