import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { asTraining, fromArrays } from '../../../src/core/embedding-set.js';
import type { Dataset, Item } from '../../../src/core/item.js';
import { matrix } from '../../../src/core/matrix.js';
import type { ResamplingPlan } from '../../../src/core/plan.js';
import { chooseExamples, syntheticExamples } from '../../../src/pipeline/synthetic-examples.js';

/** Ten rows, two a class; recipes as [base, other, class], each at its number / 10. */
function plan(
  recipes: readonly (readonly [number, number, number])[],
  extra?: ResamplingPlan['extra'],
): ResamplingPlan {
  return {
    sampler: 'by hand',
    options: {},
    originalRows: 10,
    keep: 'all',
    recipes: {
      base: Int32Array.from(recipes, ([base]) => base),
      other: Int32Array.from(recipes, ([, other]) => other),
      step: Float32Array.from(recipes, (_, i) => i / 8),
      label: Int32Array.from(recipes, ([, , label]) => label),
    },
    ...(extra && { extra }),
    perClass: [9, 4, 7, 1, 5].map((before, classId) => ({ classId, name: `c${classId}`, before, after: 9 })),
  };
}

test('examples are of the three rarest classes that got rows, spread over theirs', () => {
  const chosen = chooseExamples(
    plan([
      [0, 1, 0],
      [2, 3, 1],
      [4, 5, 2],
      [6, 1, 3],
      [6, 2, 3],
      [6, 3, 3],
      [6, 4, 3],
      [6, 5, 3],
      [6, 8, 3],
      [8, 9, 4],
    ]),
  );
  // Rows before: class 3 has 1, 1 has 4, 4 has 5, 2 has 7, 0 has 9. Of the six of class 3 every second is shown.
  assert.deepEqual(
    chosen.map(({ classId, base, other }) => [classId, base, other]),
    [
      [3, 6, 1],
      [3, 6, 3],
      [3, 6, 5],
      [1, 2, 3],
      [4, 8, 9],
    ],
  );
  assert.equal(chosen[1]!.step, 5 / 8);
});

test('copies and rows made of synthetic ones are no examples, extra rows with two parents are', () => {
  const extra = {
    embeddings: matrix(new Float32Array(2), 2, 1),
    labels: Int32Array.of(1, 1),
    parents: [Int32Array.of(2, 3, 4), Int32Array.of(2)],
  };
  assert.deepEqual(
    chooseExamples(
      plan(
        [
          [2, 2, 1],
          [10, 3, 1],
        ],
        extra,
      ),
    ),
    [{ classId: 1, base: 2, other: 3, step: null }],
  );
});

test('parents are shown as pictures or as the beginning of their text', async () => {
  const train = asTraining(
    fromArrays({ data: new Float32Array(10), shape: [10, 1] }, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4], {
      ids: Array.from({ length: 10 }, (_, i) => `id ${i}`),
    }),
  );
  const contents: Record<number, Item['content']> = {
    2: { kind: 'pixels', data: new Uint8Array(200 * 100 * 3).fill(128), width: 200, height: 100, channels: 3 },
    3: { kind: 'text', text: 'x'.repeat(500) },
    6: { kind: 'image', path: '/nowhere/at-all.png' },
    7: { kind: 'row', values: new Float32Array(1) },
  };
  async function* items(): AsyncGenerator<Item> {
    for (let i = 0; i < 10; i++)
      yield { id: `id ${i}`, source: `file ${i}`, label: '0', content: contents[i] ?? { kind: 'text', text: '' } };
  }
  const dataset = { [Symbol.asyncIterator]: items } as unknown as Dataset;
  const [first, second] = await syntheticExamples(
    plan([
      [6, 7, 3],
      [2, 3, 1],
    ]),
    train,
    dataset,
  );
  assert.deepEqual(first, {
    label: '3',
    base: { id: 'id 6', source: 'file 6', label: '3' },
    other: { id: 'id 7', source: 'file 7', label: '3' },
    step: 0,
  });
  assert.equal(second!.other.text!.length, 161);
  const bytes = Buffer.from(second!.base.image!.replace('data:image/webp;base64,', ''), 'base64');
  const { width, height, format } = await sharp(bytes).metadata();
  assert.deepEqual([width, height, format], [64, 32, 'webp']);
});
