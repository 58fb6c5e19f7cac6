import { defineMix } from './mix.js';

export const mixup = defineMix({
  name: 'mixup',
  summary: 'shares of the label follow the step',
  paper: 'Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: Beyond Empirical Risk Minimization", ICLR 2018, arXiv:1710.09412',
  symmetric: true,
  options: {},
  labelWeight: ({ step }) => 1 - step,
});
