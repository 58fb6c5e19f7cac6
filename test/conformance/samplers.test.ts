/**
 * Every sampler × every check × every backend. A new sampler is held to all of it by being in the registry; what is asked of it
 * follows from the properties that its entry declares.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  asTraining,
  brand,
  fromArrays,
  selectRows,
  type Column,
  type TrainingSet,
} from '../../src/core/embedding-set.js';
import type { ResamplingPlan } from '../../src/core/plan.js';
import { createRng } from '../../src/core/rng.js';
import { kernelReport, loadKernels, type Kernels } from '../../src/kernels/index.js';
import { createSampler, samplers, type PlanContext, type SamplerName } from '../../src/sampler/index.js';

const names = Object.keys(samplers) as SamplerName[];
const overSamplers = names.filter((name) => samplers[name].kind === 'over');
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

/** The grid with each value above the first `numeric` columns as a category of five levels, one-hot. */
function oneHot(train: TrainingSet, numeric: number): TrainingSet {
  const [rows = 0, cols = 0] = train.embeddings.shape;
  const columns: Column[] = Array.from({ length: cols }, (_, j) =>
    j < numeric
      ? [{ name: `x${j}`, kind: 'numeric' as const }]
      : [0, 1, 2, 3, 4].map((level) => ({
          name: `x${j}=${level}`,
          kind: 'one-hot' as const,
          source: `x${j}`,
          level: String(level),
        })),
  ).flat();
  const data = Array.from({ length: rows }, (_, i) =>
    Array.from({ length: cols }, (_, j) => {
      const value = train.embeddings.get(i, j);
      return j < numeric ? [value] : [0, 1, 2, 3, 4].map((level) => (value === level ? 1 : 0));
    }).flat(),
  ).flat();
  const { labels, classNames } = train;
  const x = { data: Float32Array.from(data), shape: [rows, columns.length] };
  return asTraining(fromArrays(x, labels, { classNames, columns }));
}

/** A grid of the kind of columns that the sampler wants. */
function trainFor(name: SamplerName, counts: readonly number[], cols: number): TrainingSet {
  const { columns } = samplers[name];
  if (columns === 'any') return gridSet(counts, cols);
  return columns === 'mixed' ? oneHot(gridSet(counts, cols + 2), cols) : oneHot(gridSet(counts, cols), 0);
}

/** Every synthetic row of a plan: its class, the rows it was made of and, of a recipe, its step. */
function samplesOf({ recipes, extra }: ResamplingPlan): { label: number; parents: number[]; step?: number }[] {
  const made = Array.from(recipes.label, (label, i) => ({
    label,
    parents: [recipes.base[i] as number, recipes.other[i] as number],
    step: recipes.step[i] as number,
  }));
  return [...made, ...Array.from(extra?.labels ?? [], (label, i) => ({ label, parents: [...extra!.parents[i]!] }))];
}

function keptRows({ keep, originalRows }: ResamplingPlan): number[] {
  return keep === 'all' ? Array.from({ length: originalRows }, (_, row) => row) : [...keep];
}

function countsAfter(train: TrainingSet, plan: ResamplingPlan): number[] {
  const after = train.classNames.map(() => 0);
  for (const row of keptRows(plan)) after[train.labels[row]!]!++;
  for (const { label } of samplesOf(plan)) after[label]!++;
  return after;
}

/** Every byte that a plan says, apart from the options. */
function bytesOf({ recipes, keep, perClass, extra }: ResamplingPlan): string {
  const arrays = [recipes.base, recipes.other, recipes.step, recipes.label, recipes.otherLabel, recipes.labelWeight];
  const hex = arrays.map(
    (array) => array && Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex'),
  );
  return JSON.stringify([
    hex,
    keep === 'all' || [...keep],
    perClass,
    extra && [...extra.embeddings.data],
    extra?.parents,
  ]);
}

const counts = [40, 23, 9, 40, 5];
const planOf = (name: SamplerName, options = {}, context: PlanContext = {}, train = trainFor(name, counts, 3)) =>
  createSampler(name, options).plan(train, context);

for (const name of names) {
  const set = trainFor(name, counts, 3);

  test(`${name}: entry names itself and is callable`, () => {
    const entry = samplers[name];
    assert.equal(entry.name, name);
    assert.ok(entry.summary.length > 10);
    assert.ok(['over', 'under', 'both'].includes(entry.kind));
    assert.ok([undefined, 'enemies', 'same-class', 'any'].includes(entry.towards));
    for (const [option, rule] of Object.entries(entry.options)) {
      assert.ok(rule.help.length > 0, option);
      assert.ok(rule.check(rule.default), `the default of ${option} passes its own check`);
    }
    assert.deepEqual(entry().options, createSampler(name).options);
  });

  for (const cols of [1, 3, 8, 17, 33])
    test(`${name}: same seed, same bytes on every backend and thread count, ${cols} columns`, async () => {
      const train = trainFor(name, counts, cols);
      const expected = bytesOf(await planOf(name, {}, {}, train));
      const rows = (await createSampler(name).fitResample(train)).embeddings.data;
      for (const kernels of backends)
        for (const threads of [1, 3]) {
          assert.equal(bytesOf(await planOf(name, {}, { kernels, threads }, train)), expected);
          const again = await createSampler(name).fitResample(train, { kernels, threads });
          assert.ok(Buffer.from(again.embeddings.data.buffer).equals(Buffer.from(rows.buffer)));
        }
    });

  test(`${name}: a set of labels without embeddings is enough where the entry says so`, async () => {
    if (samplers[name].reads !== 'labels') return;
    const labelsOnly = asTraining(
      fromArrays({ data: new Float32Array(0), shape: [set.labels.length, 0] }, set.labels, {
        classNames: set.classNames,
      }),
    );
    assert.equal(bytesOf(await planOf(name, {}, {}, labelsOnly)), bytesOf(await planOf(name)));
  });

  test(`${name}: one class only, or a class without rows, is an error about the data`, async () => {
    const rowsOf = (keep: (label: number) => boolean) => [...set.labels.keys()].filter((row) => keep(set.labels[row]!));
    const one = asTraining(
      selectRows(
        set,
        rowsOf((label) => label === 0),
      ),
    );
    await assert.rejects(planOf(name, {}, {}, one), { code: 'ERR_DATA', message: /at least two classes.*"class 0"/ });
    const gap = asTraining(
      selectRows(
        set,
        rowsOf((label) => label !== 2),
      ),
    );
    await assert.rejects(planOf(name, {}, {}, gap), { code: 'ERR_DATA', message: /"class 2" has no training rows/ });
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
    const unknown = Object.hasOwn(samplers[name].options, 'seed') ? 'seeds' : 'samplingStrategi';
    assert.throws(() => createSampler(name, { [unknown]: 1 }), {
      code: 'ERR_OPTION',
      message: new RegExp(`\\.${unknown}\\. Did you mean`),
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

for (const name of overSamplers) {
  const set = trainFor(name, counts, 3);
  const { totals, classes, towards } = samplers[name];

  test(`${name}: counts follow the strategy and the plan says so`, async () => {
    for (const [samplingStrategy, wanted] of [
      ['auto', [40, 40, 40, 40, 40]],
      ['minority', [40, 23, 9, 40, 40]],
      [{ 'class 2': 13, 'class 0': 41 }, [41, 23, 13, 40, 5]],
    ] as const) {
      const plan = await planOf(name, { samplingStrategy });
      const after = countsAfter(set, plan);
      assert.equal(plan.keep, 'all');
      assert.deepEqual(
        plan.perClass.map((c) => [c.before, c.after]),
        after.map((total, c) => [set.classCounts[c], total]),
      );
      if (totals === 'exact') assert.deepEqual(after, wanted);
      else for (const [c, total] of wanted.entries()) if (total === counts[c]) assert.equal(after[c], total);
    }
  });

  test(`${name}: a base has its sample's label, the other end is of the declared kind, steps are in [0, 1)`, async () => {
    const plan = await planOf(name, { samplingStrategy: { 'class 1': 300, 'class 2': 300, 'class 4': 300 } });
    for (const { label, parents, step } of samplesOf(plan)) {
      assert.ok(parents.length > 0);
      for (const parent of parents) assert.ok(parent >= 0 && parent < set.labels.length);
      assert.equal(set.labels[parents[0]!], label);
      for (const other of parents.slice(1))
        if (towards !== 'any') assert.equal(set.labels[other] === label, towards === 'same-class');
      if (step !== undefined) assert.ok(step >= 0 && step < 1);
    }
  });

  test(`${name}: soft labels share the row between the classes of its two ends`, async () => {
    const { recipes } = await planOf(name);
    const { base, other, label, otherLabel, labelWeight } = recipes;
    assert.equal(otherLabel === undefined, labelWeight === undefined);
    for (const [i, weight] of (labelWeight ?? []).entries()) {
      assert.ok(weight >= 0 && weight <= 1);
      assert.deepEqual([label[i], otherLabel![i]], [set.labels[base[i]!], set.labels[other[i]!]]);
    }
    const { labels, otherLabels, labelWeights } = await createSampler(name).fitResample(set);
    if (!labelWeight) return assert.equal(otherLabels ?? labelWeights, undefined);
    const n = set.labels.length;
    assert.deepEqual(otherLabels!.subarray(0, n), labels.subarray(0, n));
    assert.ok(labelWeights!.subarray(0, n).every((weight) => weight === 1));
    assert.deepEqual(labelWeights!.subarray(n), labelWeight);
  });

  test(`${name}: original rows come first, byte for byte`, async () => {
    const { embeddings, labels, original, plan } = await createSampler(name).fitResample(set);
    const n = set.labels.length;
    const cols = set.embeddings.shape[1] as number;
    assert.equal(original, n);
    assert.deepEqual(embeddings.shape, [n + samplesOf(plan).length, cols]);
    assert.equal(labels.length, embeddings.shape[0]);
    assert.deepEqual(embeddings.data.subarray(0, n * cols), set.embeddings.data);
    assert.deepEqual(labels.subarray(0, n), set.labels);
    assert.deepEqual(
      [...labels.subarray(n)],
      samplesOf(plan).map(({ label }) => label),
    );
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
    const samples = samplesOf(await planOf(name, { samplingStrategy: { 'class 0': 140, 'class 3': 140 } }));
    const [first, second] = [0, 3].map((c) => {
      const members = [...set.labels.keys()].filter((row) => set.labels[row] === c);
      const own = samples.filter(({ label }) => label === c);
      return {
        positions: own.map(({ parents }) => members.indexOf(parents[0]!)),
        steps: own.map(({ step }) => step),
      };
    });
    assert.notDeepEqual(first!.positions, second!.positions);
    if (first!.steps.some((step) => step)) assert.notDeepEqual(first!.steps, second!.steps);
  });

  test(`${name}: the samples of a class do not depend on what other classes get`, async () => {
    if (classes === 'together') return;
    const ofClass4 = async (samplingStrategy: object) => {
      const plan = await planOf(name, { samplingStrategy });
      return samplesOf(plan).filter(({ label }) => label === 4);
    };
    const alone = await ofClass4({ 'class 4': 30 });
    assert.ok(alone.length > 0);
    assert.deepEqual(await ofClass4({ 'class 1': 60, 'class 4': 30 }), alone);
  });

  test(`${name}: classes of one and two rows are filled, and what was done is said`, async () => {
    const train = trainFor(name, [12, 1, 2], 4);
    const plan = await planOf(name, {}, {}, train);
    const after = countsAfter(train, plan);
    if (totals === 'exact') assert.deepEqual(after, [12, 12, 12]);
    for (const c of [1, 2]) assert.ok(after[c]! >= 11, `class ${c} has ${after[c]} rows`);
    for (const { label, parents } of samplesOf(plan)) assert.equal(train.labels[parents[0]!], label);
    const copies = samplesOf(plan).filter(({ label, parents: [base, other] }) => label === 1 && base === other);
    if (copies.length > 0 && samplers[name].reads !== 'labels')
      assert.match(plan.perClass[1]!.fallback ?? '', /repeated/);
  });

  test(`${name}: a class without rows may stay as it is`, async () => {
    const gap = asTraining(
      selectRows(
        set,
        [...set.labels.keys()].filter((row) => set.labels[row] !== 2),
      ),
    );
    const plan = await planOf(name, { samplingStrategy: { 'class 4': 7 } }, {}, gap);
    if (totals === 'exact') assert.equal(samplesOf(plan).length, 2);
  });
}

for (const name of names.filter((n) => samplers[n].kind !== 'over')) {
  const set = trainFor(name, counts, 3);

  test(`${name}: kept rows are an ascending part of the originals and come first, byte for byte`, async () => {
    const { embeddings, labels, original, plan } = await createSampler(name).fitResample(set);
    const kept = keptRows(plan);
    assert.ok(kept.length > 0 && kept.length < set.labels.length);
    kept.forEach((row, i) => assert.ok(i === 0 ? row >= 0 : row > kept[i - 1]!));
    assert.ok(kept.at(-1)! < set.labels.length);
    assert.equal(original, kept.length);
    const { embeddings: rows, labels: classes } = selectRows(set, kept);
    const cols = rows.shape[1] as number;
    assert.deepEqual(embeddings.data.subarray(0, kept.length * cols), rows.data);
    assert.deepEqual(labels.subarray(0, original), classes);
    assert.deepEqual(
      [...labels.subarray(original)],
      samplesOf(plan).map(({ label }) => label),
    );
    assert.equal(embeddings.shape[0], labels.length);
  });

  test(`${name}: the plan says how many rows each class has before and after`, async () => {
    const plan = await planOf(name);
    assert.deepEqual(
      plan.perClass.map((c) => [c.before, c.after]),
      countsAfter(set, plan).map((after, c) => [counts[c], after]),
    );
  });

  test(`${name}: planning again advances nothing, and other sets do not disturb it`, async () => {
    const sampler = createSampler(name);
    const first = bytesOf(await sampler.plan(set));
    await sampler.plan(trainFor(name, [9, 8, 7], 3));
    await sampler.plan(set, { draw: 3 });
    assert.equal(bytesOf(await sampler.plan(set)), first);
  });
}

for (const name of names.filter((n) => samplers[n].kind === 'under')) {
  const set = trainFor(name, counts, 3);
  const { totals, options } = samplers[name];
  // A cleaning method is told which classes may lose rows, in place of how many they are to have.
  const cleaning = options.samplingStrategy.check(['class 0']);
  const after = async (samplingStrategy: unknown, train = set) =>
    countsAfter(train, await planOf(name, { samplingStrategy }, {}, train));

  test(`${name}: only classes that the strategy names lose rows`, async () => {
    for (const [strategy, named] of [
      ['auto', [0, 1, 2, 3]],
      ['not-minority', [0, 1, 2, 3]],
      ['majority', [0]],
      ...(cleaning
        ? [
            [
              ['class 3', 'class 1'],
              [1, 3],
            ] as const,
            [() => ['class 2'], [2]] as const,
          ]
        : [[{ 'class 1': 7, 'class 3': 11 }, [1, 3]] as const, [() => ({ 'class 2': 6 }), [2]] as const]),
    ] as const) {
      const left = await after(strategy);
      for (const [c, count] of left.entries())
        if ((named as readonly number[]).includes(c)) assert.ok(count <= counts[c]!);
        else assert.equal(count, counts[c], `class ${c} with ${String(strategy)}`);
    }
  });

  test(`${name}: totals are met where the entry says exact`, async () => {
    if (cleaning) return assert.equal(totals, 'approximate');
    assert.deepEqual(await after('auto'), [5, 5, 5, 5, 5]);
    assert.deepEqual(await after({ 'class 1': 7, 'class 3': 11 }), [40, 7, 9, 11, 5]);
    assert.deepEqual(await after({ 'class 1': 0 }), [40, 0, 9, 40, 5]);
    assert.deepEqual(await after(0.5, trainFor(name, [30, 6], 3)), [12, 6]);
  });

  test(`${name}: a strategy that cannot be met is refused`, async () => {
    const refused = async (samplingStrategy: unknown, message: RegExp) =>
      assert.rejects(async () => planOf(name, { samplingStrategy }), { code: 'ERR_OPTION', message });
    await refused('minority', new RegExp(`${name}.samplingStrategy`));
    if (cleaning) {
      await refused({ 'class 0': 3 }, /a list of class names/);
      await refused(0.5, /a list of class names/);
      await refused(['klass 0'], /Unknown class "klass 0"/);
      await refused(() => 'class 0', /the result of/);
    } else {
      await refused(['class 0'], /totals by class name/);
      await refused({ 'class 0': 41 }, /adds no row/);
      await refused({ 'klass 0': 1 }, /Unknown class "klass 0"/);
    }
  });

  test(`${name}: classes of one and two rows stay, and a class without rows may`, async () => {
    const tiny = await after('auto', trainFor(name, [12, 1, 2], 4));
    assert.equal(tiny[1], 1);
    const gap = asTraining(
      selectRows(
        set,
        [...set.labels.keys()].filter((row) => set.labels[row] !== 2),
      ),
    );
    const left = await after(cleaning ? ['class 0'] : { 'class 0': 20 }, gap);
    assert.deepEqual(left.slice(1), [23, 0, 40, 5]);
  });

  test(`${name}: a class that loses every row is said to`, async () => {
    const plan = await planOf(name, cleaning ? {} : { samplingStrategy: { 'class 1': 0 } });
    for (const { after: left, fallback } of plan.perClass)
      if (left === 0) assert.match(fallback!, /every row was removed/);
  });

  test(`${name}: another seed chooses other rows`, async () => {
    if (!Object.hasOwn(options, 'seed')) return;
    const chosen = new Set<string>();
    for (const seed of [1, 2, 3, 4]) chosen.add(bytesOf(await planOf(name, { seed })));
    assert.ok(chosen.size > 1);
  });

  test(`${name}: rows that stand for others are of the class of those`, async () => {
    for (const { label, parents } of samplesOf(await planOf(name))) {
      assert.ok(parents.length > 0);
      for (const parent of parents) assert.equal(set.labels[parent], label);
    }
  });
}

test('an unknown sampler is refused with near names', () => {
  assert.throws(() => createSampler('smoote'), { code: 'ERR_OPTION', message: /Did you mean smote/ });
});
