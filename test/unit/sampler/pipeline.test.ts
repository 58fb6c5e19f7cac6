import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asTraining, fromArrays, type TrainingSet } from '../../../src/core/embedding-set.js';
import { matrix } from '../../../src/core/matrix.js';
import type { ResamplingPlan } from '../../../src/core/plan.js';
import { createRng } from '../../../src/core/rng.js';
import { materialize } from '../../../src/kernels/index.js';
import { composePlans } from '../../../src/sampler/compose-plans.js';
import { pipeline, samplers, type Sampler } from '../../../src/sampler/index.js';

function training(values: readonly number[], labels: readonly string[], cols = 1): TrainingSet {
  const classNames = [...new Set(labels)].sort();
  return asTraining(
    fromArrays({ data: Float32Array.from(values), shape: [labels.length, cols] }, labels, { classNames }),
  );
}

/** A at 0, 2, 3; B at 1, 10, 11, 12, 13, 14. */
const set = training([0, 2, 3, 1, 10, 11, 12, 13, 14], [...'AAABBBBBB']);

/** A stage that plans what it is told, by row ids of the set it is given. */
function stage(
  name: string,
  plan: (train: TrainingSet) => Partial<Pick<ResamplingPlan, 'keep' | 'extra'>> & {
    recipes?: readonly (readonly [base: number, other: number, step: number, label: number])[];
  },
): Sampler {
  const sampler: Sampler = {
    ...samplers.smote(),
    name,
    options: {},
    plan: async (train) => {
      const { recipes = [], keep = 'all', extra } = plan(train as TrainingSet);
      const column = (i: 0 | 1 | 3) => Int32Array.from(recipes, (recipe) => recipe[i]);
      return {
        sampler: name,
        options: {},
        originalRows: train.labels.length,
        keep,
        recipes: {
          base: column(0),
          other: column(1),
          step: Float32Array.from(recipes, ([, , step]) => step),
          label: column(3),
        },
        ...(extra && { extra }),
        perClass: train.classNames.map((className, classId) => ({ classId, name: className, before: 0, after: 0 })),
      };
    },
  };
  return sampler;
}

const without = (train: TrainingSet, ...rows: number[]) =>
  Int32Array.from(train.labels.keys()).filter((row) => !rows.includes(row));

test('a pipeline is one plan for the original rows', async () => {
  // Tomek links: 2 ↔ 3 are both A; 0 ↔ 1 (B at row 3) is a link, so row 3 goes. SMOTE then fills A from 3 to 5 rows among 0, 2, 3.
  const both = pipeline([samplers['tomek-links'](), samplers.smote({ kNeighbors: 1 })]);
  const plan = await both.plan(set);
  assert.deepEqual([...(plan.keep as Int32Array)], [0, 1, 2, 4, 5, 6, 7, 8]);
  assert.equal(plan.originalRows, 9);
  for (const row of [...plan.recipes.base, ...plan.recipes.other]) assert.ok([0, 1, 2].includes(row));
  assert.deepEqual(
    plan.perClass.map(({ before, after }) => [before, after]),
    [
      [3, 5],
      [6, 5],
    ],
  );
  assert.deepEqual(plan.options['stages'], [
    { name: 'tomek-links', samplingStrategy: 'auto' },
    { name: 'smote', kNeighbors: 1, samplingStrategy: 'auto', seed: 0 },
  ]);
  const { embeddings, labels, original } = await both.fitResample(set);
  assert.equal(original, 8);
  assert.deepEqual([...embeddings.data.subarray(0, 8)], [0, 2, 3, 10, 11, 12, 13, 14]);
  assert.deepEqual([...labels], [0, 0, 0, 1, 1, 1, 1, 1, 0, 0]);
});

test('a later stage names rows that an earlier one makes', async () => {
  const plan = await pipeline([
    stage('first', () => ({ recipes: [[0, 1, 0.5, 0]] })),
    stage('second', () => ({ recipes: [[9, 2, 0.5, 0]] })),
  ]).plan(set);
  // 0 + .5 · (2 − 0) = 1 is row 9; 1 + .5 · (3 − 1) = 2.
  assert.deepEqual(
    [[...plan.recipes.base], [...plan.recipes.other]],
    [
      [0, 9],
      [1, 2],
    ],
  );
  assert.deepEqual([...materialize(set, plan).data.subarray(9)], [1, 2]);
});

test('synthetic rows that cleaning drops are gone, and what was made of them stays as an extra row', async () => {
  const plan = await pipeline([
    stage('first', () => ({
      recipes: [
        [0, 1, 0.5, 0],
        [1, 2, 0.5, 0],
      ],
    })),
    stage('second', () => ({ recipes: [[9, 2, 0.5, 0]] })),
    stage('cleaning', (train) => ({ keep: without(train, 0, 9) })),
  ]).plan(set);
  assert.deepEqual([...(plan.keep as Int32Array)], [1, 2, 3, 4, 5, 6, 7, 8]);
  // Row 9 (0 to 1) is dropped; row 10 keeps its recipe: 2 + .5 · (3 − 2).
  assert.deepEqual([[...plan.recipes.base], [...plan.recipes.other], [...plan.recipes.step]], [[1], [2], [0.5]]);
  // 1 + .5 · (3 − 1) = 2, made of rows 0 and 1 by way of row 9, and of row 2.
  assert.deepEqual([...plan.extra!.embeddings.data], [2]);
  assert.deepEqual(plan.extra!.parents, [Int32Array.of(0, 1, 2)]);
});

test('a copy of a synthetic row is a second row of its recipe', async () => {
  const plan = await pipeline([
    stage('first', () => ({ recipes: [[0, 1, 0.5, 0]] })),
    stage('copies', () => ({
      recipes: [
        [9, 9, 0, 0],
        [3, 3, 0, 1],
      ],
    })),
    stage('cleaning', (train) => ({ keep: without(train, 9) })),
  ]).plan(set);
  assert.deepEqual(
    [[...plan.recipes.base], [...plan.recipes.other], [...plan.recipes.step]],
    [
      [0, 3],
      [1, 3],
      [0.5, 0],
    ],
  );
  assert.equal(plan.extra, undefined);
});

test('labels of two classes pass through, and a dropped parent of such a row is an error', async () => {
  const soft = samplers['soft-smote']({ kNeighbors: 2 });
  const plan = await pipeline([soft, samplers['random-over-sampling']({ samplingStrategy: { A: 9 } })]).plan(set);
  const alone = (await soft.plan(set)).recipes;
  assert.equal(plan.recipes.label.length, 6);
  const made = alone.label.length;
  assert.deepEqual(plan.recipes.labelWeight!.subarray(0, made), alone.labelWeight);
  const weights = new Set([...alone.labelWeight!, 1]);
  for (const weight of plan.recipes.labelWeight!.subarray(made)) assert.ok(weights.has(weight));
});

test('a deterministic first stage is planned once, however many draws follow', async () => {
  let plans = 0;
  const { plan: ownPlan, ...tomek } = samplers['tomek-links']();
  const counted: Sampler = {
    ...tomek,
    plan: (train, context) => {
      plans++;
      return ownPlan(train, context);
    },
  };
  const sets = new Set<object>();
  const watched: Sampler = {
    ...samplers.smote(),
    plan: (train, context) => (sets.add(train), samplers.smote().plan(train, context)),
  };
  const both = pipeline([counted, watched]);
  const first = await both.plan(set, { draw: 0 });
  const second = await both.plan(set, { draw: 1 });
  assert.equal(plans, 2);
  assert.equal(sets.size, 1, 'the rows after it are made once');
  assert.notDeepEqual(first.recipes.step, second.recipes.step);
});

test('a pipeline of methods that read labels makes no rows', async () => {
  const labels = pipeline([
    samplers['random-over-sampling'](),
    samplers['random-under-sampling']({ samplingStrategy: { A: 2, B: 2 } }),
  ]);
  assert.equal(labels.reads, 'labels');
  const empty = asTraining(
    fromArrays({ data: new Float32Array(0), shape: [9, 0] }, set.labels, { classNames: set.classNames }),
  );
  const plan = await labels.plan(empty);
  assert.deepEqual(
    plan.perClass.map(({ after }) => after),
    [2, 2],
  );
  assert.deepEqual((await labels.plan(set)).recipes, plan.recipes);
});

test('what a stage has to say names the stage', async () => {
  const single = training([0, 5, 6, 7, 8], [...'ABBBB']);
  const { perClass } = await pipeline([
    samplers.smote(),
    samplers['edited-nearest-neighbors']({ samplingStrategy: ['B'] }),
  ]).plan(single);
  assert.match(perClass[0]!.fallback!, /^smote: one row: repeated/);
});

test('a class that an earlier stage removed is missed by a later one, which says so', async () => {
  // Rows 0, 1 and 2 are all of A.
  const removing = stage('removing', () => ({ keep: Int32Array.of(0, 1, 2) }));
  await assert.rejects(pipeline([removing, samplers.smote()]).plan(set), {
    code: 'ERR_DATA',
    message: /Stage 2 of the pipeline, smote, sees only the rows that the stages before it left: .*two classes/,
  });
  await assert.rejects(pipeline([samplers.smote(), removing]).plan(training([1, 2], ['A', 'A'])), {
    message: /^Expected rows of at least two classes/,
  });
});

test('only samplers make a pipeline', () => {
  for (const wrong of [[], 'smote', [samplers.smote]])
    assert.throws(() => pipeline(wrong as unknown as Sampler[]), { code: 'ERR_OPTION', message: /pipeline/ });
});

test('smote-enn is SMOTE and then edited nearest neighbours of all classes', async () => {
  const options = { kNeighbors: 2, seed: 4 };
  const one = await samplers['smote-enn']({ ...options, cleaningNeighbors: 1 }).plan(set);
  const two = await pipeline([
    samplers.smote(options),
    samplers['edited-nearest-neighbors']({ kNeighbors: 1, samplingStrategy: 'all' }),
  ]).plan(set);
  assert.deepEqual({ keep: one.keep, recipes: one.recipes }, { keep: two.keep, recipes: two.recipes });
  assert.ok(one.keep.length < 9, "rows 0 and 3 are each other's nearest, of different classes");
});

/** Plans at random: rows kept, recipes over rows made before, extra rows. */
function randomPlan(rows: number, seed: number, name: string): ResamplingPlan {
  const draws = createRng(seed, name).at(0);
  const keep = Int32Array.from({ length: rows }, (_, row) => row).filter(() => draws.below(3) > 0);
  const made = draws.below(7);
  const recipes = Array.from({ length: made }, (_, i) => {
    const copy = draws.below(3) === 0;
    const base = draws.below(rows + i);
    return { base, other: copy ? base : draws.below(rows + i), step: copy ? 0 : draws.uniform() };
  });
  const extras = draws.below(3);
  return {
    sampler: name,
    options: {},
    originalRows: rows,
    keep: draws.below(3) === 0 ? 'all' : keep,
    recipes: {
      base: Int32Array.from(recipes, ({ base }) => base),
      other: Int32Array.from(recipes, ({ other }) => other),
      step: Float32Array.from(recipes, ({ step }) => step),
      label: Int32Array.from(recipes, () => draws.below(2)),
    },
    ...(extras > 0 && {
      extra: {
        embeddings: matrix(
          Float32Array.from({ length: extras * 2 }, () => draws.normal()),
          extras,
          2,
        ),
        labels: Int32Array.from({ length: extras }, () => draws.below(2)),
        parents: Array.from({ length: extras }, () => Int32Array.of(draws.below(rows + made))),
      },
    }),
    perClass: [0, 1].map((classId) => ({ classId, name: String(classId), before: rows, after: rows })),
  };
}

test('composed plans make the same rows as one plan after the other', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const draws = createRng(seed, 'rows').at(0);
      let whole = randomPlan(6, seed, 'first');
      const x = matrix(
        Float32Array.from({ length: 12 }, () => draws.normal()),
        6,
        2,
      );
      let rows = materialize(x, whole);
      for (const name of ['second', 'third']) {
        const plan = randomPlan(rows.shape[0]!, seed, name);
        whole = composePlans(whole, plan, () => materialize(rows, plan));
        rows = materialize(rows, plan);
        const asText = (all: typeof rows) =>
          Array.from({ length: all.shape[0]! }, (_, i) => `${all.get(i, 0)} ${all.get(i, 1)}`).sort();
        const composed = materialize(x, whole);
        assert.deepEqual(asText(composed), asText(rows));
        // Stages to come see the rows in the order of the composed plan.
        rows = composed;
        const total = 6 + whole.recipes.base.length + (whole.extra?.labels.length ?? 0);
        for (const parents of whole.extra?.parents ?? [])
          for (const parent of parents) assert.ok(parent >= 0 && parent < total);
      }
    }),
    { numRuns: 300 },
  );
});
