import { cycle, defineBatchSampler } from './batch-sampler.js';

export const instance = defineBatchSampler({
  name: 'instance',
  summary: 'every row equally often',
  options: {},
  create({ labels, rng }) {
    const next = cycle(
      labels.map((_, row) => row),
      rng,
    );
    return (out) => {
      for (let i = 0; i < out.length; i++) out[i] = next();
    };
  },
});
