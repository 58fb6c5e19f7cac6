import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmbeddingSession, TextBatcher } from '../../../src/backbone/index.js';
import type { Item } from '../../../src/core/item.js';
import { workOf, type Work } from '../../../src/embed/batches.js';
import { Ring } from '../../../src/embed/ring.js';

/** A token a character. */
const texts: TextBatcher = {
  encode: (content) => Array.from(content.kind === 'text' ? content.text : '', () => 1),
  width: (longest) => longest,
  pack: () => ({}),
};

async function batches(lengths: readonly number[], bounds: { items: number; tokens: number }): Promise<Work[]> {
  const items = lengths.map((length, i): Item => ({
    id: `${i}`,
    source: '',
    label: null,
    content: { kind: 'text', text: 'x'.repeat(length) },
  }));
  const batch = () => Promise.reject(new Error('not for texts'));
  const all: Work[] = [];
  for await (const work of workOf(items, { batch, texts }, bounds, undefined, 2)) all.push(work);
  return all;
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

test('images are handed out a few batches at a time, fewer towards the end, each batch as large as was asked for', async () => {
  const items = Array.from({ length: 81 }, (_, i): Item => ({
    id: `${i}`,
    source: '',
    label: null,
    content: { kind: 'image', path: `${i}` },
  }));
  const batch = () => Promise.reject(new Error('the session prepares them'));
  for (const size of [1, 2, 8]) {
    const sent: string[][] = [];
    const session = {
      embedImages: (batches: { path: string }[][]) => {
        sent.push(...batches.map((images) => images.map(({ path }) => path)));
        return Promise.resolve({ vectors: new Float32Array(0), failures: [] });
      },
    } as unknown as EmbeddingSession;
    const counts: number[] = [];
    const places: number[] = [];
    for await (const work of workOf(items, { batch }, { items: size }, undefined, 2)) {
      await work.run(session);
      counts.push(work.settled);
      places.push(...work.rows.map(({ place }) => place));
    }
    assert.deepEqual(
      sent.flat(),
      items.map(({ id }) => id),
    );
    assert.deepEqual(places, [...items.keys()]);
    assert.ok(sent.slice(0, -1).every((images) => images.length === size));
    // With 81, 73, … left: 8 of them while there are 64 and more, then as many as 8 go into what is left.
    if (size === 1)
      assert.deepEqual(counts, [8, 8, 8, 7, 6, 5, 4, 4, 3, 3, 3, 2, 2, 2, 2, ...Array.from({ length: 14 }, () => 1)]);
  }
});

test('a ring has no more rooms than it was given, in the order in which they are asked for', async () => {
  const ring = new Ring(2);
  await ring.take();
  await ring.take();
  const got: string[] = [];
  const waiting = ['a', 'b'].map((name) => ring.take().then(() => got.push(name)));
  await Promise.resolve();
  assert.deepEqual(got, []);
  ring.give();
  await waiting[0];
  assert.deepEqual(got, ['a']);
  ring.give();
  await waiting[1];
});
