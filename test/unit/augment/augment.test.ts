import assert from 'node:assert/strict';
import { test } from 'node:test';
import { augmenters, createAugmenter } from '../../../src/augment/index.js';
import type { Item } from '../../../src/core/item.js';
import { failure } from '../dataset/temp-folder.js';

const text: Item = {
  id: 't/1',
  source: 'a.csv:2',
  label: 'x',
  group: 'g',
  content: { kind: 'text', text: 'one two three four five six seven eight nine ten' },
};
const width = 16;
const height = 12;
/** A picture in which every pixel is different, so that a crop tells where it came from. */
const image: Item = {
  id: 'i/1',
  source: 'a.jpg',
  label: 'y',
  content: {
    kind: 'pixels',
    data: Uint8Array.from({ length: width * height }, (_, i) => i),
    width,
    height,
    channels: 1,
  },
};
const originals = { text, image, table: text };

for (const entry of Object.values(augmenters)) {
  const original = originals[entry.modality];
  const augment = (copies: number, seed: number) => createAugmenter(entry.name).augment(original, { copies, seed });

  test(`${entry.name} keeps label, group and parent, and numbers its copies`, async () => {
    const made = await augment(3, 0);
    assert.deepEqual(
      made.map(({ id }) => id),
      [1, 2, 3].map((k) => `${original.id}#${k}`),
    );
    for (const { parent, label, group, source } of made)
      assert.deepEqual([parent, label, group, source], [original.id, original.label, original.group, original.source]);
  });

  test(`${entry.name} gives the same copies for the same seed, however many are made`, async () => {
    const four = await augment(4, 7);
    assert.deepEqual(await augment(2, 7), four.slice(0, 2));
    assert.notDeepEqual(await augment(4, 8), four);
    assert.deepEqual(await augment(0, 7), []);
  });

  test(`${entry.name} refuses what it does not know`, async () => {
    assert.throws(() => createAugmenter(entry.name, { rat: 1 }), failure('ERR_OPTION', `${entry.name}.rat`));
    const other = entry.modality === 'text' ? image : text;
    await assert.rejects(createAugmenter(entry.name).augment(other, { copies: 1, seed: 0 }), failure('ERR_DATA'));
    const [copy] = await augment(1, 0);
    await assert.rejects(
      createAugmenter(entry.name).augment(copy as Item, { copies: 1, seed: 0 }),
      failure('ERR_OPTION', '#1'),
    );
  });
}

test('eda edits one word in ten by default and uses no word of its own', async () => {
  const words = (item: Item) => (item.content.kind === 'text' ? item.content.text.split(' ') : []);
  const own = new Set(words(text));
  const lengths = new Set<number>();
  for (const copy of await createAugmenter('eda').augment(text, { copies: 60, seed: 1 })) {
    assert.ok(words(copy).every((word) => own.has(word)));
    lengths.add(words(copy).length);
  }
  // Deletion, swap or replacement, and insertion of max(1, floor(0.1 · 10)) = 1 word.
  assert.deepEqual(
    [...lengths].sort((a, b) => a - b),
    [9, 10, 11],
  );
});

test('eda leaves at least one word', async () => {
  const short = { ...text, content: { kind: 'text', text: 'alone' } } as const;
  for (const { content } of await createAugmenter('eda', { rate: 1 }).augment(short, { copies: 20, seed: 0 }))
    assert.match(content.kind === 'text' ? content.text : '', /^alone( alone)?$/);
});

/** What each copy has more, less, or elsewhere than the ten words. */
function edits(copies: readonly Item[]) {
  const own = text.content.kind === 'text' ? text.content.text.split(' ') : [];
  return copies.map(({ content }) => {
    const words = content.kind === 'text' ? content.text.split(' ') : [];
    if (words.length > own.length) return { kind: 'insert', word: words.find((w, i) => w !== own[i]) };
    if (words.length < own.length) return { kind: 'remove' };
    const moved = words.filter((w, i) => w !== own[i]);
    if (new Set(words).size === own.length && words.every((w) => own.includes(w))) return { kind: 'swap' };
    return { kind: 'replace', word: moved[0] };
  });
}

test('eda has four operations, and takes their words from synonyms where it has some', async () => {
  const plain = edits(await createAugmenter('eda').augment(text, { copies: 200, seed: 1 }));
  for (const kind of ['swap', 'insert', 'remove', 'replace']) {
    const count = plain.filter((edit) => edit.kind === kind).length;
    // A quarter of 200 each, give or take what swaps with themselves and replacements by themselves hide: 4 deviations are 24.
    assert.ok(count > 20 && count < 90, `${kind} ${count}`);
  }
  const synonyms = { three: ['trio'], seven: ['heptad'] };
  const augmenter = createAugmenter('eda', { synonyms });
  for (const { kind, word } of edits(await augmenter.augment(text, { copies: 100, seed: 2 })))
    if (kind === 'insert' || kind === 'replace') assert.match(word ?? '', /^(trio|heptad)$/);
  const bare = { ...text, content: { kind: 'text', text: 'no such word' } } as const;
  for (const { content } of await augmenter.augment(bare, { copies: 40, seed: 2 }))
    assert.ok(content.kind === 'text' && content.text.split(' ').every((word) => 'no such word'.includes(word)));
  // A store keeps which synonyms they were, not all of them.
  assert.match(augmenter.options['synonyms'] as string, /^[0-9a-f]{64}$/);
});

test('color changes light, not place', async () => {
  const pixels = { kind: 'pixels', width: 2, height: 1, channels: 3 } as const;
  const red = { ...image, content: { ...pixels, data: Uint8Array.of(200, 40, 40, 100, 100, 100) } };
  const [none] = await createAugmenter('color', { strength: 0 }).augment(red, { copies: 1, seed: 0 });
  assert.deepEqual(none?.content, red.content);
  for (const { content } of await createAugmenter('color').augment(red, { copies: 30, seed: 0 })) {
    assert.ok(content.kind === 'pixels' && content.width === 2 && content.height === 1);
    const [r = 0, g = 0, b = 0, x, y, z] = content.data;
    // Red stays the reddest, green and blue alike, grey stays grey.
    assert.ok(r > g && g === b && x === y && y === z, `${content.data}`);
  }
});

test('color moves every value by its three factors', async () => {
  // Of one grey 100 and one grey 200, contrast and brightness alone act: c (b v) + (1 − c) mean, mean = b · 150.
  const grey = { ...image, content: { ...image.content, data: Uint8Array.of(100, 200), width: 2, height: 1 } as never };
  const seen = new Set<number>();
  for (const { content } of await createAugmenter('color').augment(grey, { copies: 30, seed: 3 })) {
    assert.ok(content.kind === 'pixels');
    const [low = 0, high = 0] = content.data;
    assert.ok(low < high && (low + high) / 2 >= 0.6 * 150 - 1 && (low + high) / 2 <= 1.4 * 150 + 1);
    seen.add(high - low);
  }
  assert.ok(seen.size > 10);
});

test('flip-crop gives rectangles of the image, mirrored in about half', async () => {
  let mirrored = 0;
  for (const { content } of await createAugmenter('flip-crop').augment(image, { copies: 60, seed: 1 })) {
    assert.ok(content.kind === 'pixels' && content.data.length === content.width * content.height);
    // Neighbours in a row differ by +1 in the picture and by -1 in its mirror image; rows by 16.
    const step = (content.data[1] as number) - (content.data[0] as number);
    assert.ok(step === 1 || step === -1);
    if (step === -1) mirrored++;
    for (let y = 0; y < content.height; y++)
      for (let x = 0; x < content.width; x++)
        assert.equal(content.data[y * content.width + x], (content.data[0] as number) + x * step + y * width);
  }
  // 60 fair draws: within four standard deviations (15.5) of 30.
  assert.ok(mirrored > 14 && mirrored < 46, String(mirrored));
});

test('flip-crop without flip and cropping changes only the proportions', async () => {
  const [copy] = await createAugmenter('flip-crop', { minArea: 1, flip: false }).augment(image, { copies: 1, seed: 0 });
  assert.ok(copy?.content.kind === 'pixels' && (copy.content.width === width || copy.content.height === height));
});

test('an unknown augmenter is refused with near names', () => {
  assert.throws(() => createAugmenter('flipcrop'), failure('ERR_OPTION', 'Did you mean flip-crop or'));
});
