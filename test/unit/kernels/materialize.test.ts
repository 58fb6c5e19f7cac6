import assert from 'node:assert/strict';
import test from 'node:test';
import { asTraining, fromArrays } from '../../../src/core/embedding-set.js';
import { matrix } from '../../../src/core/matrix.js';
import type { ResamplingPlan } from '../../../src/core/plan.js';
import { materialize, planRows } from '../../../src/kernels/index.js';

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

/** 5 rows of 3; 40 recipes; two kept rows and one extra row. */
function mixedPlan(keep: ResamplingPlan['keep'], chained: boolean): ResamplingPlan {
  const recipes = Array.from({ length: 40 }, (_, r): [number, number, number] => [
    chained && r > 3 ? 5 + r - 3 : r % 5,
    (r * 3) % 5,
    (r % 4) / 4,
  ]);
  const extra = {
    embeddings: matrix(Float32Array.of(7, 8, 9), 1, 3),
    labels: Int32Array.of(0),
    parents: [Int32Array.of(0)],
  };
  return plan(recipes, { keep, extra });
}
const wide = { data: Float32Array.from({ length: 15 }, (_, i) => Math.sin(i)), shape: [5, 3] };

test('windows joined are the whole, wherever they are cut', () => {
  for (const keep of ['all', Int32Array.of(4, 1)] as const)
    for (const chained of [false, true]) {
      const given = mixedPlan(keep, chained);
      const whole = materialize(wide, given);
      const made = planRows(wide, given, { threads: 2 });
      assert.deepEqual([made.rows, made.cols], whole.shape);
      for (const size of [1, 7, made.rows, made.rows + 1]) {
        const joined: number[] = [];
        const buffer = new Float32Array(size * 3);
        for (let start = 0; start < made.rows; start += size) {
          const end = Math.min(made.rows, start + size);
          joined.push(...made.window(start, end, buffer.subarray(0, (end - start) * 3)).data);
        }
        assert.deepEqual(joined, [...whole.data], `${size} rows at a time, ${chained ? 'chained' : 'plain'}`);
      }
      assert.deepEqual(made.window(3, 3).shape, [0, 3]);
    }
  const made = planRows(wide, mixedPlan('all', false));
  assert.throws(() => made.window(0, made.rows + 1), { code: 'ERR_OPTION', message: /window\.end/ });
  assert.throws(() => made.window(-1, 2), { code: 'ERR_OPTION', message: /window\.start/ });
});

test('rows are made by the ids that recipes name them by, ancestors and all', () => {
  const given = mixedPlan('all', true);
  const whole = materialize(wide, given).data;
  const made = planRows(wide, given);
  // Nothing is dropped, so an id is the place of its row: an original, the end of a chain, its start, the extra row.
  const ids = Int32Array.of(4, 44, 8, 45, 44);
  const expected = Array.from(ids, (id) => [...whole.subarray(3 * id, 3 * id + 3)]).flat();
  assert.deepEqual([...made.named(ids).data], expected);
  assert.throws(() => made.named(Int32Array.of(46)), { code: 'ERR_OPTION', message: /from 0 to 45/ });
  // A dropped original still has its name.
  const some = planRows(wide, mixedPlan(Int32Array.of(4, 1), true));
  assert.deepEqual([...some.named(Int32Array.of(0)).data], [...wide.data.subarray(0, 3)]);
});

test('a recipe may build on an extra row', () => {
  const extra = { embeddings: matrix(Float32Array.of(9), 1, 1), labels: Int32Array.of(0), parents: [Int32Array.of(0)] };
  // Row 6 is the extra one, for there is one recipe: half way from 5 to 9.
  assert.deepEqual([...materialize(x, plan([[4, 6, 0.5]], { extra })).data], [0, 1, 2, 4, 5, 7, 9]);
});

test('materialize writes into the memory it is given', () => {
  const given = plan([[0, 2, 0.25]]);
  // With room around it: nothing outside is written.
  const memory = new Float32Array(8).fill(-1);
  const out = memory.subarray(1, 7);
  assert.equal(materialize(x, given, { out }).data, out);
  assert.deepEqual([...memory], [-1, 0, 1, 2, 4, 5, 0.5, -1]);
  assert.throws(() => materialize(x, given, { out: new Float32Array(7) }), { code: 'ERR_SHAPE', message: /7 numbers/ });
  assert.throws(() => materialize(x, given, { out: [0] as unknown as Float32Array }), { code: 'ERR_OPTION' });
  assert.throws(() => materialize(x, given, { threads: 0 }), { code: 'ERR_OPTION', message: /materialize\.threads/ });
  assert.throws(() => materialize(x, given, { thread: 2 } as object), { code: 'ERR_OPTION' });
  const shared = new Float32Array(10);
  shared.set(x.data);
  assert.throws(() => materialize({ data: shared, shape: [5, 1] }, given, { out: shared.subarray(4) }), {
    code: 'ERR_OPTION',
    message: /overlaps/,
  });
  // The same buffer, apart: fine.
  const apart = new Float32Array(11);
  apart.set(x.data);
  const after = materialize({ data: apart, shape: [5, 1] }, given, { out: apart.subarray(5) });
  assert.deepEqual([...after.data], [0, 1, 2, 4, 5, 0.5]);
});

test('materialize copies matrices without columns and plans without rows', () => {
  assert.deepEqual(materialize({ data: new Float32Array(0), shape: [5, 0] }, plan([[0, 1, 0.5]])).shape, [6, 0]);
  assert.deepEqual(materialize(x, plan([], { keep: new Int32Array(0) })).shape, [0, 1]);
});
