import { nearest } from '../../dist/src/index.js';
import { array, d, enemyFlops, first, k, measure, spread, threads } from '../measure.mjs';

const [x, y, all] = await Promise.all([array('x'), array('y'), array('queries')]);
const queries = spread(all, first);
const matrix = { data: x, shape: [y.length, d] };
await measure(
  () => nearest(matrix, y, { queries, k, among: 'enemies', threads }),
  enemyFlops(y, queries, d),
  ({ indices }) => Array.from(indices.data.subarray(0, 100 * k)),
);
