import assert from 'node:assert/strict';
import test from 'node:test';
import { asTraining, fromArrays } from '../../../src/core/embedding-set.js';
import { matrix } from '../../../src/core/matrix.js';
import type { ResamplingPlan } from '../../../src/core/plan.js';
import { materialize } from '../../../src/kernels/index.js';

const x = { data: Float32Array.of(0, 1, 2, 4, 5), shape: [5, 1] };

function plan(
  recipes: [base: number, other: number, step: number][],
  rest: Partial<ResamplingPlan> = {},
): ResamplingPlan {
  return {
    sampler: 'test',
    options: {},
    originalRows: 5,
    keep: 'all',
    recipes: {
      base: Int32Array.from(recipes, ([base]) => base),
      other: Int32Array.from(recipes, ([, other]) => other),
      step: Float32Array.from(recipes, ([, , step]) => step),
      label: new Int32Array(recipes.length),
    },
    perClass: [],
    ...rest,
  };
}

test('materialize puts kept rows first, then recipes, then extra rows', () => {
  // The worked example: base 0 towards 2 at step 0.25 is 0.5; base 1 towards 2 at 0.25 is 1.25.
  const recipes: [number, number, number][] = [
    [0, 2, 0.25],
    [1, 2, 0.25],
  ];
  const extra = { embeddings: matrix(Float32Array.of(9), 1, 1), labels: Int32Array.of(0), parents: [Int32Array.of(0)] };
  assert.deepEqual([...materialize(x, plan(recipes)).data], [0, 1, 2, 4, 5, 0.5, 1.25]);
  const some = materialize(x, plan(recipes, { keep: Int32Array.of(0, 4), extra }));
  assert.deepEqual(some.shape, [5, 1]);
  assert.deepEqual([...some.data], [0, 5, 0.5, 1.25, 9]);
});

test('materialize takes a set as well as a matrix', () => {
  const set = asTraining(fromArrays(x, [0, 0, 1, 1, 1]));
  assert.deepEqual([...materialize(set, plan([[0, 1, 0.5]])).data], [0, 1, 2, 4, 5, 0.5]);
});

test('a recipe may start from the row of an earlier one', () => {
  // Row 5 is half way from 0 to 2: 1. Row 6 is half way from row 5 to 5: 3. Row 7 copies row 6.
  const chained = plan([
    [0, 2, 0.5],
    [5, 4, 0.5],
    [6, 6, 0],
  ]);
  assert.deepEqual([...materialize(x, chained).data], [0, 1, 2, 4, 5, 1, 3, 3]);
});

test('materialize refuses rows that are not there', () => {
  assert.throws(() => materialize(x, plan([[0, 5, 0.5]])), { code: 'ERR_DATA', message: /Recipe 0 names row 5/ });
  assert.throws(() => materialize(x, plan([[-1, 0, 0.5]])), { code: 'ERR_DATA' });
  assert.throws(() => materialize(x, plan([], { keep: Int32Array.of(5) })), { code: 'ERR_DATA' });
  assert.throws(() => materialize(x, plan([], { originalRows: 4 })), { code: 'ERR_SHAPE', message: /made for 4 rows/ });
});
