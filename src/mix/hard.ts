import { defineMix } from './mix.js';

export const hard = defineMix({
  name: 'hard',
  summary: 'the label of the base, whatever the step',
  symmetric: false,
  options: {},
  labelWeight: () => 1,
});
