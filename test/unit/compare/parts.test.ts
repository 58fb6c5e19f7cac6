import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shareRows } from '../../../src/compare/lanes.js';
import { createDivider, divisionsOf } from '../../../src/compare/parts.js';
import { partOf } from '../../../src/core/embedding-set.js';
import { clouds, heldOutClouds, trainingClouds } from '../train/toy.js';

test('threads share the numbers of the rows; all else stays as it was', () => {
  const parts = { train: trainingClouds([20, 6]), test: heldOutClouds([5, 5], { seed: 1 }) };
  const shared = shareRows(parts);
  for (const part of ['train', 'test'] as const) {
    const { embeddings, ids, labels } = shared[part];
    const { embeddings: given, ids: names, labels: classes } = parts[part];
    assert.ok(embeddings.data.buffer instanceof SharedArrayBuffer);
    assert.deepEqual([...embeddings.data], [...given.data]);
    assert.deepEqual(embeddings.shape, given.shape);
    assert.equal(partOf(shared[part]), partOf(parts[part]));
    assert.deepEqual([ids, labels], [names, classes]);
  }
  assert.equal(shared.validation, undefined);
  assert.equal(shareRows(parts), shared, 'parts made beforehand are shared once');
});

test('each seed divides anew, each division is the same whenever it is made', () => {
  const set = clouds([30, 12]);
  const partsOf = createDivider(set, { folds: 3, test: 0.2, validation: 0.1 });
  const divisions = divisionsOf([4, 7], 3);
  assert.deepEqual(
    divisions.map(({ seed, fold }) => [seed, fold]),
    [
      [4, 0],
      [4, 1],
      [4, 2],
      [7, 0],
      [7, 1],
      [7, 2],
    ],
  );
  const tests = divisions.map((division) => partsOf(division).test.ids);
  assert.deepEqual(
    divisions.map((division) => partsOf(division).test.ids),
    tests,
  );
  assert.notDeepEqual(tests.slice(0, 3), tests.slice(3));
  assert.deepEqual(tests.slice(3).flat().sort(), [...set.ids].sort());
});
