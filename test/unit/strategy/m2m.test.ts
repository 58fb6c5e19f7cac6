/** Rows walked from large classes into small ones. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTraining, fromArrays } from '../../../src/core/embedding-set.js';
import { trainHead } from '../../../src/strategy/index.js';
import { translationStep, type TranslationOptions } from '../../../src/strategy/m2m.js';
import { trainingClouds } from '../train/toy.js';

const train = trainingClouds([120, 30, 6], { distance: 3 });
type Trained = Awaited<ReturnType<typeof trainHead>>;
const valuesOf = ({ head }: Trained) => head.parameters.map(({ data }) => data);
const options: TranslationOptions = {
  balanceFrom: 0,
  seedBeta: 0.9,
  confidence: 0.9,
  seedWeight: 0.5,
  walkSteps: 10,
  walkLength: 0.1,
  walkNoise: 0.5,
};

/** M2m steps batch by batch, deferred re-sampling in one kernel call: the same sums, rounded elsewhere. */
function assertClose(one: Trained, other: Trained): void {
  const numbers = (head: Trained) => valuesOf(head).flatMap((values) => [...values]);
  const expected = numbers(other);
  for (const [i, value] of numbers(one).entries())
    assert.ok(Math.abs(value - (expected[i] as number)) < 1e-4, `${value} is not ${expected[i]}`);
}

test('without seeds it is deferred re-sampling', async () => {
  const m2m = await trainHead(train, { strategy: 'm2m', strategyOptions: { seedBeta: 1 }, epochs: 5 });
  assertClose(m2m, await trainHead(train, { strategy: 'drs', epochs: 5 }));
  assert.deepEqual(m2m.settings['finish'], { translated: { wanted: 0, made: 0 } });
});

test('walks that never convince leave every row, and are counted', async () => {
  const strategyOptions = { balanceFrom: 0.5, seedBeta: 0.9, walkSteps: 0, walkNoise: 0, confidence: 0.999 };
  const m2m = await trainHead(train, { strategy: 'm2m', strategyOptions, epochs: 4 });
  const drs = await trainHead(train, { strategy: 'drs', strategyOptions: { balanceFrom: 0.5 }, epochs: 4 });
  assertClose(m2m, drs);
  const { translated } = m2m.settings['finish'] as { translated: { wanted: number; made: number } };
  assert.ok(translated.wanted > 0);
  assert.equal(translated.made, 0);
});

test('translated rows take the labels of small classes and lie within the range of the columns', async () => {
  const known = new Set<string>();
  const { data, shape } = train.embeddings;
  const [, d = 0] = shape;
  for (let at = 0; at < data.length; at += d) known.add([...data.subarray(at, at + d)].join());
  const ranges = Array.from({ length: d }, (_, j) => {
    const column = [...data].filter((_v, at) => at % d === j);
    return [Math.min(...column), Math.max(...column)] as const;
  });
  const made = new Int32Array(3);
  const translated = { wanted: 0, made: 0 };
  const inner = translationStep(options, translated);
  await trainHead(train, {
    batchSampler: 'class-balanced',
    epochs: 3,
    batchSize: 39,
    step: {
      ...inner,
      async prepare(context) {
        const step = await inner.prepare(context);
        return (batch, place) => {
          const labels = batch.labels.slice();
          const value = step(batch, place);
          assert.deepEqual(batch.labels, labels);
          for (let i = 0; i < batch.rows; i++) {
            const row = [...batch.x.subarray(i * d, (i + 1) * d)];
            if (known.has(row.join())) continue;
            made[labels[i] as number]!++;
            row.forEach((v, j) => assert.ok(v >= (ranges[j]?.[0] ?? 0) && v <= (ranges[j]?.[1] ?? 0)));
          }
          return value;
        };
      },
    },
  });
  // No class is larger than class 0.
  assert.equal(made[0], 0);
  assert.ok((made[1] as number) > 0 && (made[2] as number) > 0, `${made}`);
  assert.equal(translated.made, made[1]! + made[2]!);
  assert.ok(translated.wanted >= translated.made);
});

test('a walk follows the gradient of the plain head and flees the head in training', async () => {
  // One column: the large class at −1, the small one at 1, so the walk of length 0.1 a step goes right, whatever the slopes' lengths.
  const values = [...Array.from({ length: 16 }, () => -1), 1, 1];
  const set = asTraining(
    fromArrays(
      { data: Float32Array.from(values), shape: [18, 1] },
      values.map((v) => (v < 0 ? 0 : 1)),
    ),
  );
  // The mean is −14/18, so the mean squared distance is 1 − (14/18)² = 0.395062, its root 0.628539.
  const seen = new Set<number>();
  const step = translationStep(
    { ...options, seedBeta: 0, walkSteps: 4, walkNoise: 0, confidence: 0 },
    { wanted: 0, made: 0 },
  );
  await trainHead(set, {
    batchSampler: 'class-balanced',
    step: {
      ...step,
      async prepare(context) {
        const own = await step.prepare(context);
        return (batch, place) => {
          const value = own(batch, place);
          batch.x.forEach((v) => seen.add(Math.round(v * 1e4) / 1e4));
          return value;
        };
      },
    },
    epochs: 2,
    learningRate: 1e-6,
  });
  // −1 + 4 · 0.1 · 0.628539 = −0.748584.
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [-1, -0.7486, 1],
  );
});

test('a head that is not affine is refused', async () => {
  await assert.rejects(trainHead(train, { strategy: 'm2m', head: 'mlp', epochs: 1 }), {
    code: 'ERR_OPTION',
    message: /Use head linear/,
  });
});
