import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TextBatcher } from '../../../src/backbone/index.js';
import type { Item } from '../../../src/core/item.js';
import { batchesOf, type Prepared } from '../../../src/embed/batches.js';
import { Ring } from '../../../src/embed/ring.js';

/** A token a character. */
const texts: TextBatcher = {
  encode: (content) => Array.from(content.kind === 'text' ? content.text : '', () => 1),
  width: (longest) => longest,
  pack: () => ({}),
};

async function batches(lengths: readonly number[], bounds: { items: number; tokens: number }): Promise<Prepared[]> {
  const items = lengths.map((length, i): Item => ({
    id: `${i}`,
    source: '',
    label: null,
    content: { kind: 'text', text: 'x'.repeat(length) },
  }));
  const batch = () => Promise.reject(new Error('not for texts'));
  const prepared: Prepared[] = [];
  for await (const next of batchesOf(items, { batch, texts }, bounds, undefined)) prepared.push(await next());
  return prepared;
}

test('a batch holds texts of like length, within both bounds, and every text is in one', async () => {
  const made = await batches([2, 9, 3, 9, 1, 2, 30, 2], { items: 3, tokens: 20 });
  // Longest first; 30 is beyond the budget and goes alone, two of 9 fill 18 of 20, then three of 3 fill the batch.
  assert.deepEqual(
    made.map(({ rows }) => rows.map(({ place }) => place)),
    [[6], [1, 3], [2, 0, 5], [7, 4]],
  );
  assert.deepEqual(
    made.map(({ settled }) => settled),
    [1, 2, 3, 2],
  );
});

test('a ring hands out no more rooms than it has, in the order in which they were asked for', async () => {
  const ring = new Ring(2);
  const [first, second] = [await ring.take(), await ring.take()];
  const got: string[] = [];
  const waiting = ['a', 'b'].map((name) => ring.take().then((room) => (got.push(name), room)));
  await Promise.resolve();
  assert.deepEqual(got, []);
  ring.give(second);
  assert.equal(await waiting[0], second);
  assert.deepEqual(got, ['a']);
  ring.give(first);
  assert.equal(await waiting[1], first);
});
