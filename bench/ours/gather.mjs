import { loadKernels } from '../../dist/src/kernels/index.js';
import { Batch } from '../../dist/src/train/rows.js';
import { array, d, measure } from '../measure.mjs';

const [x, y, base, other, step, order] = await Promise.all(['x', 'y', 'base', 'other', 'step', 'order'].map(array));
const label = base.map((row) => y[row]);
const table = { x, cols: d, count: base.length, base, other, step, label };
const rows = 256;
const batch = new Batch(rows, d, 10);
const kernels = loadKernels();
const batches = Math.floor(order.length / rows);
await measure(
  () => {
    for (let b = 0; b < batches; b++) batch.load(table, order, b * rows, kernels);
  },
  batches * rows * d * 4,
);
