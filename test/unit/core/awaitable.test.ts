import assert from 'node:assert/strict';
import { test } from 'node:test';
import { andFinally, andThen, type Awaitable } from '../../../src/core/awaitable.js';

test('what is there goes on at once, what is to come when it comes', async () => {
  assert.equal(
    andThen(2, (value) => value + 1),
    3,
  );
  const later = andThen(Promise.resolve(2), (value) => value + 1);
  assert.ok(later instanceof Promise);
  assert.equal(await later, 3);
});

test('the last step follows the end of the work, however it ends', async () => {
  const seen: string[] = [];
  const run = (work: () => Awaitable<string>) => andFinally(work, () => seen.push('last'));
  assert.equal(
    run(() => 'done'),
    'done',
  );
  const failed = () => {
    throw new Error('failed');
  };
  assert.throws(() => run(failed), /failed/);
  assert.equal(seen.length, 2);
  const slow = run(async () => {
    await undefined;
    seen.push('work');
    return 'done';
  });
  assert.equal(seen.length, 2);
  assert.equal(await slow, 'done');
  await assert.rejects(async () => run(async () => failed()), /failed/);
  assert.deepEqual(seen, ['last', 'last', 'work', 'last', 'last']);
});
