import assert from 'node:assert/strict';
import test from 'node:test';
import { asTraining, fromArrays } from '../../../src/core/embedding-set.js';
import { loadKernels, materialize } from '../../../src/kernels/index.js';
import { matrix } from '../../../src/core/matrix.js';
import type { ResamplingPlan } from '../../../src/core/plan.js';
import { layOutRows, otherOf, stepOf } from '../../../src/train/rows.js';

const kernels = loadKernels();
const set = asTraining(fromArrays({ data: Float32Array.of(0, 1, 2, 4), shape: [4, 1] }, [0, 0, 1, 1]));

test('of a chained plan only the rows that others build on are made before they are visited', () => {
  const plan: ResamplingPlan = {
    sampler: 'pipeline',
    options: {},
    originalRows: 4,
    keep: Int32Array.of(0, 3),
    // Rows 4 to 7; row 6 builds on row 5, row 7 on the extra row 8.
    recipes: {
      base: Int32Array.of(0, 0, 5, 1),
      other: Int32Array.of(1, 2, 3, 8),
      step: Float32Array.of(0.5, 0.5, 0.5, 0.25),
      label: new Int32Array(4),
    },
    extra: { embeddings: matrix(Float32Array.of(9), 1, 1), labels: Int32Array.of(0), parents: [Int32Array.of(2)] },
    perClass: [],
  };
  const table = layOutRows(set, plan, undefined, kernels);
  const { x, base, count } = table;
  // The four originals, row 5 (half way from 0 to 2) and the extra row.
  assert.deepEqual([...x], [0, 1, 2, 4, 1, 9]);
  const out = new Float32Array(count);
  const other = base.map((_, row) => otherOf(table, row));
  kernels.interpolate({ x, cols: 1, base, other, step: Float32Array.from(base, (_, row) => stepOf(table, row)), out });
  assert.deepEqual([...out], [...materialize(set, plan).data]);
  // 0 and 4 stay; 0 + .5 · 1, 0 + .5 · 2, 1 + .5 · (4 − 1), 1 + .25 · (9 − 1), 9.
  assert.deepEqual([...out], [0, 4, 0.5, 1, 2.5, 3, 9]);
});
