/** Every sampler × every check × every backend. A new sampler is held to all of it by being in the registry. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTraining, brand, fromArrays, selectRows, type TrainingSet } from '../../src/core/embedding-set.js';
import type { ResamplingPlan } from '../../src/core/plan.js';
import { createRng } from '../../src/core/rng.js';
import { kernelReport, loadKernels, type Kernels } from '../../src/kernels/index.js';
import { createSampler, samplers, type PlanContext, type SamplerName } from '../../src/sampler/index.js';

const names = Object.keys(samplers) as SamplerName[];
const backends: Kernels[] = [loadKernels({ backend: 'reference' }), loadKernels({ backend: 'wasm' })];
if (kernelReport().attempts.some(({ backend, error }) => backend === 'addon' && error === undefined))
  backends.push(loadKernels({ backend: 'addon' }));

/** Whole numbers on a small grid: distances are exact in float32 and ties are common. Classes overlap. */
function gridSet(counts: readonly number[], cols: number): TrainingSet {
  const labels = counts.flatMap((count, c) => Array.from({ length: count }, () => c));
  const draws = createRng(1, `grid/${cols}`).at(0);
  const order = createRng(2, 'order').permutation(labels.length);
  const data = Float32Array.from({ length: labels.length * cols }, () => draws.below(5));
  return asTraining(
    fromArrays(
      { data, shape: [labels.length, cols] },
      Array.from(order, (i) => labels[i] as number),
      { classNames: counts.map((_, c) => `class ${c}`) },
    ),
  );
}

/** Every byte that a plan says, apart from the options. */
function bytesOf({ recipes, keep, perClass, extra }: ResamplingPlan): string {
  const arrays = [recipes.base, recipes.other, recipes.step, recipes.label, recipes.otherLabel, recipes.labelWeight];
  const hex = arrays.map(
    (array) => array && Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex'),
  );
  return JSON.stringify([hex, keep, perClass, extra && [...extra.embeddings.data]]);
}

const set = gridSet([40, 23, 9, 40, 5], 3);
const planOf = (name: SamplerName, options = {}, context: PlanContext = {}, train = set) =>
  createSampler(name, options).plan(train, context);

for (const name of names) {
  test(`${name}: entry names itself and is callable`, () => {
    const entry = samplers[name];
    assert.equal(entry.name, name);
    assert.ok(entry.summary.length > 10);
    assert.ok(['enemies', 'same-class', 'any'].includes(entry.towards));
    for (const [option, rule] of Object.entries(entry.options)) {
      assert.ok(rule.help.length > 0, option);
      assert.ok(rule.check(rule.default), `the default of ${option} passes its own check`);
    }
    assert.deepEqual(entry().options, createSampler(name).options);
  });

  test(`${name}: counts follow the strategy and the plan says so`, async () => {
    for (const [samplingStrategy, totals] of [
      ['auto', [40, 40, 40, 40, 40]],
      ['minority', [40, 23, 9, 40, 40]],
      [{ 'class 2': 13, 'class 0': 41 }, [41, 23, 13, 40, 5]],
    ] as const) {
      const { recipes, perClass, keep } = await planOf(name, { samplingStrategy });
      const after = [...set.classCounts];
      for (const label of recipes.label) after[label]!++;
      assert.equal(keep, 'all');
      assert.deepEqual(after, totals);
      assert.deepEqual(
        perClass.map((c) => [c.before, c.after]),
        totals.map((total, c) => [set.classCounts[c], total]),
      );
    }
  });

  test(`${name}: a base has its sample's label, the other end is of the declared kind, steps are in [0, 1)`, async () => {
    const { recipes } = await planOf(name, { samplingStrategy: { 'class 1': 300, 'class 2': 300, 'class 4': 300 } });
    const { towards } = samplers[name];
    for (let i = 0; i < recipes.base.length; i++) {
      const [base, other] = [recipes.base[i] as number, recipes.other[i] as number];
      assert.ok(base >= 0 && base < set.labels.length && other >= 0 && other < set.labels.length);
      assert.equal(set.labels[base], recipes.label[i]);
      if (towards !== 'any') assert.equal(set.labels[other] === recipes.label[i], towards === 'same-class');
      const step = recipes.step[i] as number;
      assert.ok(step >= 0 && step < 1);
    }
  });

  test(`${name}: original rows come first, byte for byte`, async () => {
    const { embeddings, labels, original, plan } = await createSampler(name).fitResample(set);
    const n = set.labels.length;
    assert.equal(original, n);
    assert.deepEqual(embeddings.shape, [n + plan.recipes.base.length, 3]);
    assert.equal(labels.length, embeddings.shape[0]);
    assert.deepEqual(embeddings.data.subarray(0, n * 3), set.embeddings.data);
    assert.deepEqual(labels.subarray(0, n), set.labels);
    assert.deepEqual(labels.subarray(n), plan.recipes.label);
  });

  for (const cols of [1, 3, 8, 17, 33])
    test(`${name}: same seed, same bytes on every backend and thread count, ${cols} columns`, async () => {
      const train = gridSet([40, 23, 9, 40, 5], cols);
      const expected = bytesOf(await planOf(name, {}, {}, train));
      const rows = (await createSampler(name).fitResample(train)).embeddings.data;
      for (const kernels of backends)
        for (const threads of [1, 3]) {
          assert.equal(bytesOf(await planOf(name, {}, { kernels, threads }, train)), expected);
          const again = await createSampler(name).fitResample(train, { kernels, threads });
          assert.ok(Buffer.from(again.embeddings.data.buffer).equals(Buffer.from(rows.buffer)));
        }
    });

  test(`${name}: another seed or draw gives other samples, whatever was planned before`, async () => {
    const sampler = createSampler(name, { seed: 1 });
    const first = bytesOf(await sampler.plan(set));
    assert.notEqual(bytesOf(await planOf(name, { seed: 2 })), first);
    assert.notEqual(bytesOf(await sampler.plan(set, { draw: 1 })), first);
    assert.equal(bytesOf(await sampler.plan(set, { draw: 0 })), first, 'planning again does not advance anything');
    const fresh = createSampler(name, { seed: 1 });
    assert.equal(
      bytesOf(await fresh.plan(set, { draw: 1 })),
      bytesOf(await sampler.plan(set, { draw: 1 })),
      'a draw does not depend on the draws before it',
    );
  });

  test(`${name}: a class does not replay the draws of another`, async () => {
    // Two classes of 40 rows each: replayed draws would choose the same positions and steps in both.
    const { recipes } = await planOf(name, { samplingStrategy: { 'class 0': 140, 'class 3': 140 } });
    const [first, second] = [0, 3].map((c) => {
      const members = [...set.labels.keys()].filter((row) => set.labels[row] === c);
      const samples = [...recipes.label.keys()].filter((i) => recipes.label[i] === c);
      return {
        positions: samples.map((i) => members.indexOf(recipes.base[i] as number)),
        steps: samples.map((i) => recipes.step[i]),
      };
    });
    assert.notDeepEqual(first!.positions, second!.positions);
    if (first!.steps.some((step) => step !== 0)) assert.notDeepEqual(first!.steps, second!.steps);
  });

  test(`${name}: the samples of a class do not depend on what other classes get`, async () => {
    const alone = (await planOf(name, { samplingStrategy: { 'class 4': 30 } })).recipes;
    const { recipes } = await planOf(name, { samplingStrategy: { 'class 1': 60, 'class 4': 30 } });
    const from = recipes.label.indexOf(4);
    for (const part of ['base', 'other', 'step', 'label'] as const)
      assert.deepEqual(recipes[part].subarray(from), alone[part]);
  });

  test(`${name}: classes of one and two rows are filled, and what was done is said`, async () => {
    const train = gridSet([12, 1, 2], 4);
    const { recipes, perClass } = await planOf(name, { samplingStrategy: 'auto' }, {}, train);
    assert.deepEqual(
      perClass.map((c) => c.after),
      [12, 12, 12],
    );
    for (let i = 0; i < recipes.base.length; i++)
      assert.equal(train.labels[recipes.base[i] as number], recipes.label[i]);
    const single = perClass[1]!;
    const copies = [...recipes.base.keys()].filter(
      (i) => recipes.label[i] === 1 && recipes.base[i] === recipes.other[i],
    );
    if (copies.length > 0 && name !== 'random-over-sampling') assert.match(single.fallback ?? '', /repeated/);
  });

  test(`${name}: one class only, or a class without rows, is an error about the data`, async () => {
    const one = asTraining(
      selectRows(
        set,
        [...set.labels.keys()].filter((row) => set.labels[row] === 0),
      ),
    );
    await assert.rejects(planOf(name, {}, {}, one), { code: 'ERR_DATA', message: /at least two classes.*"class 0"/ });
    const gap = asTraining(
      selectRows(
        set,
        [...set.labels.keys()].filter((row) => set.labels[row] !== 2),
      ),
    );
    await assert.rejects(planOf(name, {}, {}, gap), { code: 'ERR_DATA', message: /"class 2" has no training rows/ });
    const named = await planOf(name, { samplingStrategy: { 'class 4': 7 } }, {}, gap);
    assert.equal(named.recipes.base.length, 2);
  });

  test(`${name}: held-out rows, resampled rows and undeclared rows are refused`, async () => {
    const plain = selectRows(set, [...set.labels.keys()]);
    for (const wrong of [
      plain,
      brand(plain, 'test'),
      brand(plain, 'validation'),
      await createSampler(name).fitResample(set),
    ])
      await assert.rejects(createSampler(name).plan(wrong as TrainingSet), {
        code: 'ERR_DATA',
        message: /training set/,
      });
  });

  test(`${name}: unknown and impossible options are refused by name`, () => {
    assert.throws(() => createSampler(name, { seeds: 1 }), {
      code: 'ERR_OPTION',
      message: /\.seeds\. Did you mean seed/,
    });
    for (const [option, rule] of Object.entries(samplers[name].options))
      for (const value of [NaN, null, Infinity, -1, {}, []].filter((v) => !rule.check(v)))
        assert.throws(() => createSampler(name, { [option]: value }), {
          code: 'ERR_OPTION',
          message: new RegExp(`${name}\\.${option}`),
        });
    for (const option of Object.keys(samplers[name].options))
      assert.throws(() => createSampler(name, { [option]: NaN }), { code: 'ERR_OPTION' });
  });

  test(`${name}: stops when the caller's signal is aborted`, async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(planOf(name, {}, { signal }), { code: 'ERR_ABORTED' });
  });
}

test('an unknown sampler is refused with near names', () => {
  assert.throws(() => createSampler('smoote'), { code: 'ERR_OPTION', message: /Did you mean smote/ });
});
